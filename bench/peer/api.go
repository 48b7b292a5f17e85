package main

import (
	"encoding/json"
	"net/http"
	"net/netip"
)

type clusterBody struct {
	Name   string `json:"name"`
	Prefix string `json:"prefix"`
}

type endpointBody struct {
	Cluster   string `json:"cluster"`
	IPAddress string `json:"ipaddress"`
	Port      uint16 `json:"port"`
}

// addrPort returns the zero value when the address is absent or no IP address.
func (body endpointBody) addrPort() netip.AddrPort {
	address, err := netip.ParseAddr(body.IPAddress)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(address, body.Port)
}

// newAPI serves the REST calls: 200 with an empty body, or 500 with the reason.
func newAPI(p *publisher) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/cluster", handleStage(p, func(inv *inventory, body clusterBody) error {
		return inv.addCluster(body.Name, body.Prefix)
	}))
	mux.HandleFunc("DELETE /api/v1/cluster", handleStage(p, func(inv *inventory, body clusterBody) error {
		return inv.removeCluster(body.Name)
	}))
	mux.HandleFunc("POST /api/v1/endpoint", handleStage(p, func(inv *inventory, body endpointBody) error {
		return inv.addEndpoint(body.Cluster, body.addrPort())
	}))
	mux.HandleFunc("DELETE /api/v1/endpoint", handleStage(p, func(inv *inventory, body endpointBody) error {
		return inv.removeEndpoint(body.Cluster, body.addrPort())
	}))
	mux.HandleFunc("POST /api/v1/commit", func(w http.ResponseWriter, r *http.Request) {
		answer(w, p.commit(r.Context()))
	})
	return mux
}

// handleStage decodes the body and hands it to change under the publisher's lock.
func handleStage[Body any](p *publisher, change func(*inventory, Body) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body Body
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			answer(w, err)
			return
		}
		answer(w, p.stage(func(inv *inventory) error { return change(inv, body) }))
	}
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
