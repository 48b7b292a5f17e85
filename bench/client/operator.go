package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
)

const (
	endpointsPerCluster = 3
	endpointPort        = 6379
	loaders             = 16
	// The secret that the first cluster's password, or its certificate, is where those are changed.
	secretName = "redis-secret"
)

// operator makes the REST calls: it declares the clusters, and changes them.
type operator struct {
	url    string
	client *http.Client
	// addresses holds each cluster's endpoints, the oldest first.
	addresses [][]string
	// issued counts the addresses given out so far, commits the commits.
	issued, commits int
	// stage stages one change, and returns a text that every message with it has, and none before it.
	stage func() (string, error)
	// secretUse is how the first cluster names the secret that is changed; nil where an endpoint is.
	secretUse map[string]any
}

func newOperator(apiAddress string, clusters int, change string) (*operator, error) {
	o := &operator{
		url:       "http://" + apiAddress + "/api/",
		client:    &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: loaders}},
		addresses: make([][]string, clusters),
	}
	switch change {
	case "endpoint":
		o.stage = o.replaceEndpoint
	case "password":
		o.stage, o.secretUse = o.changePassword, map[string]any{"upstream_auth": map[string]any{"password": secretReference}}
	case "certificate":
		tls := map[string]any{"insecure": true, "certificate": secretReference}
		o.stage, o.secretUse = o.changeCertificate, map[string]any{"upstream_tls": tls}
	default:
		return nil, fmt.Errorf("unknown change %q", change)
	}
	return o, nil
}

var secretReference = map[string]any{"secret": secretName}

// clusterName is the name of the cluster at index.
func clusterName(index int) string { return fmt.Sprintf("redis-cluster-%05d", index) }

func (o *operator) clusterNames() []string {
	names := make([]string, len(o.addresses))
	for i := range names {
		names[i] = clusterName(i)
	}
	return names
}

// nextAddress returns an address that was never used before. All addresses are
// equally long, so none is part of another: its mere presence in a message
// proves that the endpoint has arrived.
func (o *operator) nextAddress() string {
	const lowest, values = 100, 155
	n := o.issued
	o.issued++
	return fmt.Sprintf("10.%d.%d.%d", lowest+n/(values*values), lowest+n/values%values, lowest+n%values)
}

// load declares and commits the clusters, several calls at a time.
func (o *operator) load() error {
	for i := range o.addresses {
		for range endpointsPerCluster {
			o.addresses[i] = append(o.addresses[i], o.nextAddress())
		}
	}
	indices, failures := make(chan int), make(chan error, loaders)
	var group sync.WaitGroup
	for range loaders {
		group.Go(func() {
			for index := range indices {
				if err := o.declare(index); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	err := feed(indices, len(o.addresses), failures)
	group.Wait()
	if err != nil {
		return err
	}
	select {
	case err := <-failures:
		return err
	default:
	}
	if o.secretUse != nil {
		if _, err := o.stage(); err != nil {
			return err
		}
		if err := o.call("PATCH", "v2/clusters/"+clusterName(0), o.secretUse); err != nil {
			return err
		}
	}
	return o.commit()
}

// changePassword stages a password that was never used before, and returns it.
func (o *operator) changePassword() (string, error) {
	o.commits++
	value := fmt.Sprintf("password-%012d", o.commits)
	return value, o.call("PUT", "v2/secrets/"+secretName, map[string]any{"kind": "password", "value": value})
}

// changeCertificate stages a certificate that was never used before, and returns a part of it.
func (o *operator) changeCertificate() (string, error) {
	made, err := makeCertificate()
	if err != nil {
		return "", err
	}
	body := map[string]any{"kind": "certificate", "chain": made.chain, "key": made.key}
	return made.text, o.call("PUT", "v2/secrets/"+secretName, body)
}

// feed sends 0..count-1 and closes indices, early when something failed.
func feed(indices chan<- int, count int, failures <-chan error) error {
	defer close(indices)
	for i := range count {
		select {
		case indices <- i:
		case err := <-failures:
			return err
		}
	}
	return nil
}

func (o *operator) declare(index int) error {
	name := clusterName(index)
	if err := o.call("POST", "v1/cluster", map[string]any{"name": name, "prefix": "/" + name}); err != nil {
		return err
	}
	for _, address := range o.addresses[index] {
		if err := o.call("POST", "v1/endpoint", endpointBody(name, address)); err != nil {
			return err
		}
	}
	return nil
}

// replaceEndpoint stages a new endpoint for the oldest one of the next cluster
// in turn, and returns the new one's address.
func (o *operator) replaceEndpoint() (string, error) {
	index := o.commits % len(o.addresses)
	o.commits++
	name, oldest, address := clusterName(index), o.addresses[index][0], o.nextAddress()
	if err := o.call("DELETE", "v1/endpoint", endpointBody(name, oldest)); err != nil {
		return "", err
	}
	if err := o.call("POST", "v1/endpoint", endpointBody(name, address)); err != nil {
		return "", err
	}
	o.addresses[index] = append(o.addresses[index][1:], address)
	return address, nil
}

func (o *operator) commit() error { return o.call("POST", "v1/commit", nil) }

func endpointBody(cluster, address string) map[string]any {
	return map[string]any{"cluster": cluster, "ipaddress": address, "port": endpointPort}
}

// call makes one call and reads its answer to the end; anything but success is an error.
func (o *operator) call(method, path string, body map[string]any) error {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequest(method, o.url+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	if method == "PATCH" {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	response, err := o.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, bytes.TrimSpace(text))
	}
	return nil
}
