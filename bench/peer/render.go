package main

import (
	"net/netip"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/types/known/durationpb"
)

const connectTimeout = 5 * time.Second

// buildCluster returns an EDS cluster that takes its endpoints from the aggregated stream.
func buildCluster(name string) *cluster.Cluster {
	return &cluster.Cluster{
		Name:                 name,
		ConnectTimeout:       durationpb.New(connectTimeout),
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
		EdsClusterConfig: &cluster.Cluster_EdsClusterConfig{
			EdsConfig: &core.ConfigSource{
				ResourceApiVersion:    core.ApiVersion_V3,
				ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
			},
		},
	}
}

// buildLoadAssignment returns a cluster's endpoints, in the order given, in one locality without a name.
func buildLoadAssignment(name string, endpoints []netip.AddrPort) *endpoint.ClusterLoadAssignment {
	hosts := make([]*endpoint.LbEndpoint, 0, len(endpoints))
	for _, at := range endpoints {
		hosts = append(hosts, buildHost(at))
	}
	return &endpoint.ClusterLoadAssignment{
		ClusterName: name,
		Endpoints:   []*endpoint.LocalityLbEndpoints{{LbEndpoints: hosts}},
	}
}

func buildHost(at netip.AddrPort) *endpoint.LbEndpoint {
	address := &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address:       at.Addr().String(),
		PortSpecifier: &core.SocketAddress_PortValue{PortValue: uint32(at.Port())},
	}}}
	return &endpoint.LbEndpoint{
		HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: address}},
	}
}
