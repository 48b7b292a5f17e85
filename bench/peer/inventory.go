package main

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"
)

// The failures of the REST calls, in the words of the API that is imitated.
var (
	errParameterMissing  = errors.New("required parameter missing")
	errClusterExists     = errors.New("cluster already exists")
	errPrefixExists      = errors.New("prefix already exists")
	errClusterNotFound   = errors.New("cluster not found")
	errClusterHasMembers = errors.New("cluster has endpoints")
	errEndpointExists    = errors.New("endpoint already exists")
	errEndpointNotFound  = errors.New("endpoint not found")
)

// clusterState is one staged cluster; endpoints are sorted by address and port.
type clusterState struct {
	prefix    string
	endpoints []netip.AddrPort
}

// inventory holds what is staged, and which of it the last commit has not seen.
// It is not safe for concurrent use.
type inventory struct {
	clusters map[string]*clusterState
	prefixes map[string]struct{}

	// clustersChanged tells that a cluster was added or removed since the last commit.
	clustersChanged bool
	// dirty holds the clusters whose endpoints changed since the last commit,
	// among them those added or removed.
	dirty map[string]struct{}
}

func newInventory() *inventory {
	return &inventory{
		clusters: map[string]*clusterState{},
		prefixes: map[string]struct{}{},
		dirty:    map[string]struct{}{},
	}
}

func (inv *inventory) addCluster(name, prefix string) error {
	if name == "" || prefix == "" {
		return errParameterMissing
	}
	if _, taken := inv.clusters[name]; taken {
		return errClusterExists
	}
	if _, taken := inv.prefixes[prefix]; taken {
		return errPrefixExists
	}
	inv.clusters[name] = &clusterState{prefix: prefix}
	inv.prefixes[prefix] = struct{}{}
	inv.clustersChanged = true
	inv.dirty[name] = struct{}{}
	return nil
}

func (inv *inventory) removeCluster(name string) error {
	if name == "" {
		return errParameterMissing
	}
	cluster, found := inv.clusters[name]
	if !found {
		return errClusterNotFound
	}
	if len(cluster.endpoints) > 0 {
		return errClusterHasMembers
	}
	delete(inv.clusters, name)
	delete(inv.prefixes, cluster.prefix)
	inv.clustersChanged = true
	inv.dirty[name] = struct{}{}
	return nil
}

func (inv *inventory) addEndpoint(name string, endpoint netip.AddrPort) error {
	cluster, at, found, err := inv.findEndpoint(name, endpoint)
	if err != nil {
		return err
	}
	if found {
		return errEndpointExists
	}
	cluster.endpoints = slices.Insert(cluster.endpoints, at, endpoint)
	inv.dirty[name] = struct{}{}
	return nil
}

func (inv *inventory) removeEndpoint(name string, endpoint netip.AddrPort) error {
	cluster, at, found, err := inv.findEndpoint(name, endpoint)
	if err != nil {
		return err
	}
	if !found {
		return errEndpointNotFound
	}
	cluster.endpoints = slices.Delete(cluster.endpoints, at, at+1)
	inv.dirty[name] = struct{}{}
	return nil
}

// findEndpoint returns the cluster and the place where endpoint is or belongs.
func (inv *inventory) findEndpoint(name string, endpoint netip.AddrPort) (*clusterState, int, bool, error) {
	if name == "" || !endpoint.Addr().IsValid() || endpoint.Port() == 0 {
		return nil, 0, false, errParameterMissing
	}
	cluster, known := inv.clusters[name]
	if !known {
		return nil, 0, false, errClusterNotFound
	}
	at, found := slices.BinarySearchFunc(cluster.endpoints, endpoint, compareEndpoints)
	return cluster, at, found, nil
}

func compareEndpoints(a, b netip.AddrPort) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Port(), b.Port()))
}
