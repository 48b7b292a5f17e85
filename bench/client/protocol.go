package main

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// protocol is one of the ways to speak xDS on an aggregated stream. The request
// bytes that all Envoys share are built once.
type protocol struct {
	// path is the gRPC method.
	path         string
	delta        bool
	clusterType  string
	endpointType string
	secretType   string
	clusters     int

	// subscribeClusters is the first message of a stream, with the node; it asks for all clusters.
	subscribeClusters []byte
	// subscribeEndpoints asks for the endpoints of every cluster by name.
	subscribeEndpoints []byte
	// subscribeSecret asks for the secret that is changed.
	subscribeSecret []byte
	// endpointNames and secretNames repeat the names in a state-of-the-world ACK.
	endpointNames, secretNames []byte
}

// newProtocol returns the protocol called name for a fleet that holds the named clusters.
func newProtocol(name string, clusters []string) (*protocol, error) {
	const (
		service3 = "/envoy.service.discovery.v3.AggregatedDiscoveryService/"
		service2 = "/envoy.service.discovery.v2.AggregatedDiscoveryService/"
		state    = "StreamAggregatedResources"
		delta    = "DeltaAggregatedResources"
	)
	p := &protocol{
		clusterType:  "type.googleapis.com/envoy.config.cluster.v3.Cluster",
		endpointType: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
		secretType:   "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
		clusters:     len(clusters),
	}
	switch name {
	case "sotw":
		p.path = service3 + state
	case "delta":
		p.path, p.delta = service3+delta, true
	case "sotw-v2":
		p.path = service2 + state
	case "delta-v2":
		p.path, p.delta = service2+delta, true
	default:
		return nil, fmt.Errorf("unknown protocol %q", name)
	}
	if name == "sotw-v2" || name == "delta-v2" {
		p.clusterType = "type.googleapis.com/envoy.api.v2.Cluster"
		p.endpointType = "type.googleapis.com/envoy.api.v2.ClusterLoadAssignment"
		p.secretType = "type.googleapis.com/envoy.api.v2.auth.Secret"
	}
	p.buildRequests(clusters)
	return p, nil
}

// Field numbers of the requests. State-of-the-world and delta requests differ.
const (
	nodeID, nodeCluster = 1, 2

	stateVersion, stateNode, stateNames, stateType, stateNonce = 1, 2, 3, 4, 5

	deltaNode, deltaType, deltaSubscribe, deltaNonce = 1, 2, 3, 6
)

func (p *protocol) buildRequests(clusters []string) {
	node := appendText(appendText(nil, nodeID, "bench-envoy"), nodeCluster, "bench")
	if p.delta {
		p.subscribeClusters = appendText(appendText(nil, deltaNode, node), deltaType, p.clusterType)
		p.subscribeEndpoints = appendText(nil, deltaType, p.endpointType)
		for _, name := range clusters {
			p.subscribeEndpoints = appendText(p.subscribeEndpoints, deltaSubscribe, name)
		}
		p.subscribeSecret = appendText(appendText(nil, deltaType, p.secretType), deltaSubscribe, secretName)
		return
	}
	for _, name := range clusters {
		p.endpointNames = appendText(p.endpointNames, stateNames, name)
	}
	p.secretNames = appendText(nil, stateNames, secretName)
	p.subscribeSecret = appendText(append([]byte{}, p.secretNames...), stateType, p.secretType)
	p.subscribeClusters = appendText(appendText(nil, stateNode, node), stateType, p.clusterType)
	p.subscribeEndpoints = appendText(append([]byte{}, p.endpointNames...), stateType, p.endpointType)
}

// appendACK appends the request that accepts a response.
func (p *protocol) appendACK(to []byte, accepted response) []byte {
	if p.delta {
		return appendText(appendText(to, deltaType, accepted.typeURL), deltaNonce, accepted.nonce)
	}
	to = appendText(to, stateVersion, accepted.version)
	switch string(accepted.typeURL) {
	case p.endpointType:
		to = append(to, p.endpointNames...)
	case p.secretType:
		to = append(to, p.secretNames...)
	}
	return appendText(appendText(to, stateType, accepted.typeURL), stateNonce, accepted.nonce)
}

func appendText[Text string | []byte](to []byte, field protowire.Number, text Text) []byte {
	to = protowire.AppendTag(to, field, protowire.BytesType)
	return append(protowire.AppendVarint(to, uint64(len(text))), text...)
}

// response is what an Envoy must know of a response; the slices point into the message.
type response struct {
	version, typeURL, nonce []byte
	// resources counts the resources, which are not decoded.
	resources int
}

// parseResponse reads a DiscoveryResponse or DeltaDiscoveryResponse of either
// API version: the fields of interest have the same numbers in all four.
func parseResponse(message []byte) (response, error) {
	const version, resources, typeURL, nonce = 1, 2, 4, 5
	var out response
	for len(message) > 0 {
		field, wire, size := protowire.ConsumeTag(message)
		if size < 0 {
			return out, protowire.ParseError(size)
		}
		message = message[size:]
		if wire != protowire.BytesType {
			if size = protowire.ConsumeFieldValue(field, wire, message); size < 0 {
				return out, protowire.ParseError(size)
			}
			message = message[size:]
			continue
		}
		value, size := protowire.ConsumeBytes(message)
		if size < 0 {
			return out, protowire.ParseError(size)
		}
		message = message[size:]
		switch field {
		case version:
			out.version = value
		case resources:
			out.resources++
		case typeURL:
			out.typeURL = value
		case nonce:
			out.nonce = value
		}
	}
	return out, nil
}
