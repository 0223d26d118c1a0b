package main

import (
	"slices"
	"time"
)

// A report is what `load` prints. Latencies are in milliseconds, CPU in seconds of one core.
type report struct {
	Run         string             `json:"run"`
	Connections int                `json:"connections"`
	Batch       int                `json:"batch"`
	RateAsked   float64            `json:"rate_asked,omitempty"`
	Sent        int                `json:"sent"`
	Accepted    int                `json:"accepted"`
	Errors      map[string]int     `json:"errors"`
	Seconds     float64            `json:"seconds"`
	Rate        float64            `json:"rate"`
	P50         float64            `json:"p50_ms"`
	P90         float64            `json:"p90_ms"`
	P99         float64            `json:"p99_ms"`
	Max         float64            `json:"max_ms"`
	OwnCPU      float64            `json:"own_cpu_s"`
	OwnShare    float64            `json:"own_share"`
	MachineCPU  float64            `json:"machine_cpu_s"`
	ForeignCPU  float64            `json:"foreign_cpu_s"`
	CPUPerAlert map[string]float64 `json:"cpu_ms_per_alert"`
	PSS         map[string]float64 `json:"pss_mib"`
	Start       int64              `json:"start_ns"`
	End         int64              `json:"end_ns"`
	Offset      int                `json:"offset"`
	Stamps      []int64            `json:"stamps,omitempty"`
}

func (l *load) report(before, after *usage) *report {
	made := &report{
		Run: l.plan.run, Connections: l.plan.connections, Batch: l.plan.batch, RateAsked: l.plan.rate,
		Errors: map[string]int{}, Seconds: l.end.Sub(l.start).Seconds(),
		Start: l.start.UnixNano(), End: l.end.UnixNano(), Offset: l.offset, Stamps: l.sent,
	}
	var all []time.Duration
	for _, w := range l.workers {
		all = append(all, w.latencies...)
		made.Accepted += w.accepted
		for class, times := range w.errors {
			made.Errors[class] += times
			made.Sent += times * l.plan.batch
		}
	}
	made.Sent += made.Accepted
	made.Rate = float64(made.Accepted) / made.Seconds
	slices.Sort(all)
	made.P50, made.P90, made.P99 = percentile(all, 50), percentile(all, 90), percentile(all, 99)
	made.Max = percentile(all, 100)
	made.costs(before, after)
	return made
}

// costs shares out the machine's CPU time between this program, the watched trees and everybody else.
func (r *report) costs(before, after *usage) {
	r.OwnCPU = after.OwnCPU - before.OwnCPU
	r.MachineCPU = after.MachineCPU - before.MachineCPU
	r.CPUPerAlert, r.PSS = map[string]float64{}, map[string]float64{}
	r.ForeignCPU = r.MachineCPU - r.OwnCPU
	for name, tree := range after.Processes {
		spent := tree.CPU - before.Processes[name].CPU
		r.ForeignCPU -= spent
		r.CPUPerAlert[name] = 1000 * spent / float64(max(r.Accepted, 1))
		r.PSS[name] = tree.PSS
	}
	if r.MachineCPU > 0 {
		r.OwnShare = r.OwnCPU / r.MachineCPU
	}
}

// percentile of sorted values, nearest rank, in milliseconds; 0 of none.
func percentile(sorted []time.Duration, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*percent + 99) / 100
	return float64(sorted[max(rank, 1)-1].Microseconds()) / 1000
}
