package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// retryBase is the first limit of the random delay before Envoy connects again; it doubles each time.
const retryBase = 500 * time.Millisecond

// envoy is one connection with one aggregated stream. One goroutine runs it.
type envoy struct {
	fleet *fleet
	// stalls makes it stop reading once it has its first state.
	stalls bool
	// ready is called once, when the first state is complete.
	ready func()

	stream *stream
	// endpoints counts load assignments until the first state is complete.
	endpoints   int
	initialised bool
	// seen is the arrival that this Envoy has counted last.
	seen *arrival
}

// run holds a connection for as long as the program runs. It connects again
// when one breaks before the first state is complete, as happens while a fleet
// overruns a server; after that a broken connection is an error.
func (e *envoy) run() error {
	for delay := retryBase; ; delay *= 2 {
		err := e.serve()
		if e.initialised || !isDisconnected(err) {
			return err
		}
		e.fleet.reconnects.Add(1)
		e.endpoints = 0
		time.Sleep(rand.N(delay))
	}
}

// isDisconnected tells a connection that was not made or did not last from one that was used wrongly.
func isDisconnected(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// serve connects and handles responses until one fails, or for ever.
func (e *envoy) serve() error {
	stream, err := openStream(e.fleet.address, e.fleet.protocol.path, e.stalls)
	if err != nil {
		return err
	}
	defer stream.connection.Close()
	e.stream = stream
	if err := stream.send(e.fleet.protocol.subscribeClusters); err != nil {
		return err
	}
	for !(e.stalls && e.initialised) {
		if err := stream.receive(e.handle); err != nil {
			return err
		}
	}
	select {} // The connection stays open, and nobody reads.
}

// handle takes one response, in the order in which Envoy acts: the first
// clusters lead to the subscription to their endpoints before the ACK.
func (e *envoy) handle(message []byte) error {
	got, err := parseResponse(message)
	if err != nil {
		return err
	}
	e.fleet.messages.Add(1)
	e.fleet.bytes.Add(int64(len(message)))
	switch protocol := e.fleet.protocol; string(got.typeURL) {
	case protocol.clusterType:
		if err := e.takeClusters(got); err != nil {
			return err
		}
	case protocol.endpointType:
		e.takeEndpoints(got)
	case protocol.secretType:
	default:
		return fmt.Errorf("response of unexpected type %q", got.typeURL)
	}
	e.lookOut(message)
	return e.stream.sendACK(e.fleet.protocol, got)
}

func (e *envoy) takeClusters(got response) error {
	if e.initialised {
		return nil
	}
	if got.resources != e.fleet.protocol.clusters {
		return fmt.Errorf("first response has %d clusters, want %d", got.resources, e.fleet.protocol.clusters)
	}
	if e.fleet.takesSecret {
		if err := e.stream.send(e.fleet.protocol.subscribeSecret); err != nil {
			return err
		}
	}
	return e.stream.send(e.fleet.protocol.subscribeEndpoints)
}

func (e *envoy) takeEndpoints(got response) {
	if e.initialised {
		return
	}
	e.endpoints += got.resources
	if e.endpoints >= e.fleet.protocol.clusters {
		e.initialise()
	}
}

// lookOut counts this Envoy when the message has what the fleet waits for.
func (e *envoy) lookOut(message []byte) {
	awaited := e.fleet.awaited.Load()
	if awaited == nil || awaited == e.seen || e.stalls || !bytes.Contains(message, awaited.text) {
		return
	}
	e.seen = awaited
	if awaited.missing.Add(-1) == 0 {
		awaited.last = time.Now()
		close(awaited.done)
	}
}

func (e *envoy) initialise() {
	e.initialised = true
	e.ready()
	if e.fleet.missing.Add(-1) == 0 {
		close(e.fleet.initialised)
	}
}
