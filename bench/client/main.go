// Command client plays a fleet of Envoys: each its own connection with one
// aggregated stream that holds all clusters and their endpoints and ACKs every
// response. It loads a control plane over REST, connects the fleet, changes one
// endpoint, password or certificate per commit, and prints one JSON object with what it measured.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// options is the command line; every measurement it asks for is bounded in count and time.
type options struct {
	xdsAddress string
	apiAddress string
	pid        int
	protocol   string
	envoys     int
	stalled    int
	dialers    int
	clusters   int
	warmups    int
	commits    int
	change     string
	settle     bool
	timeout    time.Duration
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.xdsAddress, "xds-address", "", "`host:port` of the server's gRPC port")
	flag.StringVar(&o.apiAddress, "api-address", "", "`host:port` of the server's REST port")
	flag.IntVar(&o.pid, "pid", 0, "the server's process, whose CPU time and memory are read")
	flag.StringVar(&o.protocol, "protocol", "sotw", "sotw, delta (v3), sotw-v2 or delta-v2")
	flag.IntVar(&o.envoys, "envoys", 1000, "Envoys that read and ACK everything")
	flag.IntVar(&o.stalled, "stalled", 0, "further Envoys that stop reading once they have their first state")
	flag.IntVar(&o.dialers, "dialers", 256, "Envoys that connect at the same time")
	flag.IntVar(&o.clusters, "clusters", 10, "clusters of three endpoints")
	flag.IntVar(&o.warmups, "warmups", 5, "commits before those that are measured")
	flag.IntVar(&o.commits, "commits", 20, "commits that are measured")
	flag.StringVar(&o.change, "change", "endpoint", "what a commit changes: endpoint, password or certificate")
	flag.BoolVar(&o.settle, "settle", true, "let the server become idle after each commit")
	flag.DurationVar(&o.timeout, "timeout", 2*time.Minute, "limit for the fleet to connect, and for each commit to arrive")
	flag.Parse()
	return o
}

func main() {
	// A real fleet takes no core from the server: this one keeps to one, and makes little garbage and collects it rarely.
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(800)
	report, err := measure(parseOptions())
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		os.Exit(1)
	}
}

// report is the output: times in milliseconds, memory in KiB.
type report struct {
	// InitialMs runs from the first dial to the last Envoy's first full state.
	InitialMs float64 `json:"initial_ms"`
	// InitialCPUMs is the server's CPU time until then, and until it is idle.
	InitialCPUMs float64 `json:"initial_cpu_ms"`
	// Reconnects counts connections that broke before the first state was complete.
	Reconnects int64 `json:"reconnects"`
	// ArrivalMs runs from sending a commit to the last Envoy having its endpoint, one per commit.
	ArrivalMs []float64 `json:"arrival_ms"`
	// AnswerMs runs from sending a commit to its answer.
	AnswerMs []float64 `json:"answer_ms"`
	// CPUMsPerCommit is the server's user and system time, staging calls and ACKs included.
	CPUMsPerCommit float64 `json:"cpu_ms_per_commit"`
	// RSSConnectedKiB is the server's resident memory with the fleet connected and idle.
	RSSConnectedKiB int64 `json:"rss_connected_kib"`
	// RSSWarmKiB is the same after the warm-up commits, RSSKiB after the measured ones.
	RSSWarmKiB int64 `json:"rss_warm_kib"`
	RSSKiB     int64 `json:"rss_kib"`
	// BytesPerPush is the mean size of the messages that the measured commits caused.
	BytesPerPush float64 `json:"bytes_per_push"`
	// PushesPerCommit counts those messages over all Envoys.
	PushesPerCommit float64 `json:"pushes_per_commit"`
}

func measure(o options) (*report, error) {
	if o.commits < 1 || o.pid == 0 {
		return nil, errors.New("-pid and at least one commit are required")
	}
	server := process{pid: o.pid}
	operator, err := newOperator(o.apiAddress, o.clusters, o.change)
	if err != nil {
		return nil, err
	}
	if err := operator.load(); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	protocol, err := newProtocol(o.protocol, operator.clusterNames())
	if err != nil {
		return nil, err
	}
	fleet := newFleet(o.xdsAddress, protocol)
	fleet.takesSecret = o.change == "certificate"
	run := &run{options: o, server: server, operator: operator, fleet: fleet}
	return run.all()
}
