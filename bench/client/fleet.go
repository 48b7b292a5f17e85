package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

// fleet is all Envoys of one run and what they have in common.
type fleet struct {
	address  string
	protocol *protocol
	// takesSecret says that every Envoy asks for the secret that is changed.
	takesSecret bool

	// missing counts the Envoys without their first full state; initialised closes at zero.
	missing     atomic.Int64
	initialised chan struct{}
	// failed receives the first error of any Envoy.
	failed chan error

	readers int64
	awaited atomic.Pointer[arrival]

	messages, bytes, reconnects atomic.Int64
}

// arrival is a change on its way to every Envoy that reads: a text that no message before it had.
type arrival struct {
	text    []byte
	missing atomic.Int64
	// last is when the last Envoy got it: read it after done is closed.
	last time.Time
	done chan struct{}
}

// traffic counts gRPC messages received and their bytes.
type traffic struct{ messages, bytes int64 }

func (t traffic) minus(earlier traffic) traffic {
	return traffic{messages: t.messages - earlier.messages, bytes: t.bytes - earlier.bytes}
}

func newFleet(address string, protocol *protocol) *fleet {
	return &fleet{
		address:     address,
		protocol:    protocol,
		initialised: make(chan struct{}),
		failed:      make(chan error, 1),
	}
}

// connect starts the Envoys, at most dialers of them connecting at a time, and returns at once.
func (f *fleet) connect(readers, stalled, dialers int) {
	f.readers = int64(readers)
	f.missing.Store(int64(readers + stalled))
	slots := make(chan struct{}, dialers)
	go func() {
		for i := range readers + stalled {
			slots <- struct{}{}
			go func() {
				e := &envoy{fleet: f, stalls: i >= readers, ready: func() { <-slots }}
				f.fail(e.run())
			}()
		}
	}()
}

// fail keeps the first error.
func (f *fleet) fail(err error) {
	if err == nil {
		return
	}
	select {
	case f.failed <- err:
	default:
	}
}

func (f *fleet) awaitInitialState(limit time.Duration) error {
	select {
	case <-f.initialised:
		return nil
	case err := <-f.failed:
		return err
	case <-time.After(limit):
		return fmt.Errorf("%d Envoys are without their first state after %v", f.missing.Load(), limit)
	}
}

// expect makes every Envoy look out for a text.
func (f *fleet) expect(text string) *arrival {
	a := &arrival{text: []byte(text), done: make(chan struct{})}
	a.missing.Store(f.readers)
	f.awaited.Store(a)
	return a
}

// await returns when the last Envoy got what was expected.
func (f *fleet) await(a *arrival, limit time.Duration) (time.Time, error) {
	select {
	case <-a.done:
		return a.last, nil
	case err := <-f.failed:
		return time.Time{}, err
	case <-time.After(limit):
		return time.Time{}, fmt.Errorf("%d Envoys are without %s after %v", a.missing.Load(), a.text, limit)
	}
}

func (f *fleet) received() traffic {
	return traffic{messages: f.messages.Load(), bytes: f.bytes.Load()}
}
