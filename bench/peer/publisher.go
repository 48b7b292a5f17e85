package main

import (
	"context"
	"strconv"
	"sync"

	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
)

// publisher turns what is staged into snapshots. Its mutex guards the inventory too.
type publisher struct {
	mutex     sync.Mutex
	inventory *inventory
	snapshots cache.SnapshotCache

	clusters    rendered
	assignments rendered
}

// rendered is the published resources of one type and the version they had last.
type rendered struct {
	version int
	byName  map[string]types.Resource
	// group is what the snapshots share for as long as the type does not change.
	group cache.Resources
}

func newPublisher(snapshots cache.SnapshotCache) *publisher {
	return &publisher{
		inventory:   newInventory(),
		snapshots:   snapshots,
		clusters:    rendered{byName: map[string]types.Resource{}},
		assignments: rendered{byName: map[string]types.Resource{}},
	}
}

// stage runs one change of the inventory.
func (p *publisher) stage(change func(*inventory) error) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return change(p.inventory)
}

// commit renders the changed clusters again and publishes a snapshot in which
// only the versions of changed types differ. Without changes it does nothing.
func (p *publisher) commit(ctx context.Context) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.inventory.dirty) == 0 {
		return nil
	}
	for name := range p.inventory.dirty {
		p.render(name)
	}
	p.assignments.bump()
	if p.inventory.clustersChanged {
		p.clusters.bump()
	}
	p.inventory.clustersChanged = false
	clear(p.inventory.dirty)

	snapshot := &cache.Snapshot{}
	snapshot.Resources[types.Cluster] = p.clusters.group
	snapshot.Resources[types.Endpoint] = p.assignments.group
	return p.snapshots.SetSnapshot(context.WithoutCancel(ctx), group, snapshot)
}

func (p *publisher) render(name string) {
	state, exists := p.inventory.clusters[name]
	if !exists {
		delete(p.clusters.byName, name)
		delete(p.assignments.byName, name)
		return
	}
	if _, unchanged := p.clusters.byName[name]; !unchanged {
		p.clusters.byName[name] = buildCluster(name)
	}
	p.assignments.byName[name] = buildLoadAssignment(name, state.endpoints)
}

func (r *rendered) bump() {
	r.version++
	items := make([]types.Resource, 0, len(r.byName))
	for _, item := range r.byName {
		items = append(items, item)
	}
	r.group = cache.NewResources(strconv.Itoa(r.version), items)
}
