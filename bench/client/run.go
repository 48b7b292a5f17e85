package main

import (
	"fmt"
	"time"
)

// run is one measurement of one server.
type run struct {
	options
	server   process
	operator *operator
	fleet    *fleet
}

// all connects the fleet, warms the server up and measures the commits.
func (r *run) all() (*report, error) {
	out := &report{}
	loaded, err := r.server.awaitIdle()
	if err != nil {
		return nil, err
	}
	started := time.Now()
	r.fleet.connect(r.envoys, r.stalled, r.dialers)
	if err := r.fleet.awaitInitialState(r.timeout); err != nil {
		return nil, err
	}
	out.InitialMs = milliseconds(time.Since(started))
	connected, err := r.server.awaitIdle()
	if err != nil {
		return nil, err
	}
	out.InitialCPUMs = milliseconds(connected.cpu - loaded.cpu)
	out.Reconnects = r.fleet.reconnects.Load()
	out.RSSConnectedKiB = connected.rssKiB

	if err := r.commitTimes(r.warmups, &report{}); err != nil {
		return nil, err
	}
	before, err := r.server.awaitIdle()
	if err != nil {
		return nil, err
	}
	pushed := r.fleet.received()
	if err := r.commitTimes(r.commits, out); err != nil {
		return nil, err
	}
	after, err := r.server.awaitIdle()
	if err != nil {
		return nil, err
	}
	pushes := r.fleet.received().minus(pushed)
	out.CPUMsPerCommit = milliseconds(after.cpu-before.cpu) / float64(r.commits)
	out.RSSWarmKiB, out.RSSKiB = before.rssKiB, after.rssKiB
	out.PushesPerCommit = float64(pushes.messages) / float64(r.commits)
	out.BytesPerPush = float64(pushes.bytes) / float64(max(pushes.messages, 1))
	return out, nil
}

// commitTimes makes count commits and adds their times to out.
func (r *run) commitTimes(count int, out *report) error {
	for range count {
		text, err := r.operator.stage()
		if err != nil {
			return fmt.Errorf("stage: %w", err)
		}
		arrival := r.fleet.expect(text)
		sent := time.Now()
		if err := r.operator.commit(); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		answered := time.Now()
		last, err := r.fleet.await(arrival, r.timeout)
		if err != nil {
			return err
		}
		out.AnswerMs = append(out.AnswerMs, milliseconds(answered.Sub(sent)))
		out.ArrivalMs = append(out.ArrivalMs, milliseconds(last.Sub(sent)))
		if r.settle {
			if _, err := r.server.awaitIdle(); err != nil {
				return err
			}
		}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
