// Command peer is a control plane made with go-control-plane: the same REST
// calls and the same clusters and load assignments as this project's own
// daemon, so that the two can be measured beside each other.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"net/http"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/sotw/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// maxConcurrentStreams lifts grpc-go's limit of 100 streams per connection, as
// go-control-plane's own example does; likewise the keepalive values below.
const maxConcurrentStreams = 1_000_000

func main() {
	xdsAddress := flag.String("xds-address", "127.0.0.1:5678", "`host:port` of the gRPC server")
	apiAddress := flag.String("api-address", "127.0.0.1:8000", "`host:port` of the REST server")
	flag.Parse()

	snapshots := cache.NewSnapshotCache(true, oneGroup{}, nil)
	xds := server.NewServer(context.Background(), snapshots, nil, sotw.WithOrderedADS())
	grpcServer := grpc.NewServer(
		grpc.MaxConcurrentStreams(maxConcurrentStreams),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 5 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             30 * time.Second,
			PermitWithoutStream: true,
		}),
	)
	discovery.RegisterAggregatedDiscoveryServiceServer(grpcServer, xds)

	listener, err := net.Listen("tcp", *xdsAddress)
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(grpcServer.Serve(listener)) }()
	log.Fatal(http.ListenAndServe(*apiAddress, newAPI(newPublisher(snapshots))))
}

// group is the key of the one snapshot that every node gets.
const group = "all"

// oneGroup puts every node into the same group.
type oneGroup struct{}

// ID implements cache.NodeHash. It must not touch the node: it may be nil.
func (oneGroup) ID(*core.Node) string { return group }
