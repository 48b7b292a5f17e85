package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// process is the server as /proc shows it.
type process struct{ pid int }

// usage is a process's CPU time since its start and its memory now.
type usage struct {
	cpu    time.Duration
	rssKiB int64
}

const (
	// tick is the unit of CPU times in /proc, fixed at 100 Hz for user space on Linux.
	tick = 10 * time.Millisecond

	idleSample = 60 * time.Millisecond
	idleLimit  = 15 * time.Second
)

// awaitIdle returns the usage once the process has used at most one tick in
// two samples running, or after idleLimit.
func (p process) awaitIdle() (usage, error) {
	deadline := time.Now().Add(idleLimit)
	last, err := p.usage()
	for quiet := 0; err == nil && quiet < 2 && time.Now().Before(deadline); {
		time.Sleep(idleSample)
		var now usage
		now, err = p.usage()
		if now.cpu-last.cpu <= tick {
			quiet++
		} else {
			quiet = 0
		}
		last = now
	}
	return last, err
}

func (p process) usage() (usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return usage{}, err
	}
	// The command may hold spaces: fields are counted after its closing bracket.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const userField, systemField = 11, 12
	user, err := strconv.ParseInt(fields[userField], 10, 64)
	if err != nil {
		return usage{}, err
	}
	system, err := strconv.ParseInt(fields[systemField], 10, 64)
	if err != nil {
		return usage{}, err
	}
	rss, err := p.rssKiB()
	return usage{cpu: time.Duration(user+system) * tick, rssKiB: rss}, err
}

func (p process) rssKiB() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			return strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		}
	}
	return 0, fmt.Errorf("process %d shows no VmRSS", p.pid)
}
