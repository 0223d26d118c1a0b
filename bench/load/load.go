package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A plan says what a load is; every load has an end in count and in time.
type plan struct {
	connections, batch, count, warm int
	rate                            float64
	seconds                         float64
	stamps                          bool
	run                             string
	processes                       processFlags
}

func loadCommand(arguments []string) error {
	plan, target, item, err := readPlan(arguments)
	if err != nil {
		return err
	}
	load := newLoad(plan, target, item)
	if plan.warm > 0 {
		load.warmUp()
	}
	before, err := takeUsage(plan.processes)
	if err != nil {
		return err
	}
	load.play()
	after, err := takeUsage(plan.processes)
	if err != nil {
		return err
	}
	return printJSON(load.report(before, after))
}

func readPlan(arguments []string) (*plan, *target, *template, error) {
	plan, headers := &plan{processes: processFlags{}}, textFlags{}
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	url := flags.String("url", "", "where to POST; this machine only")
	body := flags.String("body", `{"id":"{id}"}`, "one alert; holes: {id} {seq} {mod:N}")
	prefix := flags.String("prefix", "", "before the alerts of a request")
	suffix := flags.String("suffix", "", "after the alerts of a request")
	flags.Var(&headers, "header", "a header, 'Name: value'; may be given more than once")
	flags.Var(&plan.processes, "process", "name=PID[+PID]: trees whose CPU and memory to read; more than once")
	flags.IntVar(&plan.connections, "c", 1, "connections")
	flags.IntVar(&plan.batch, "batch", 1, "alerts in a request")
	flags.IntVar(&plan.count, "n", 10_000, "alerts to send at most")
	flags.IntVar(&plan.warm, "warm", 0, "alerts sent before, not counted")
	flags.Float64Var(&plan.seconds, "seconds", 60, "how long to send at most")
	flags.Float64Var(&plan.rate, "rate", 0, "alerts a second, due at even times whatever the answers do; 0: as fast as answered")
	flags.BoolVar(&plan.stamps, "stamps", false, "print when each alert was due or sent")
	if err := flags.Parse(arguments); err != nil {
		return nil, nil, nil, err
	}
	if plan.connections < 1 || plan.batch < 1 || plan.count < 1 || plan.seconds <= 0 || plan.rate < 0 {
		return nil, nil, nil, errors.New("-c, -batch, -n and -seconds must be above 0, -rate not below")
	}
	var token [4]byte
	if _, err := rand.Read(token[:]); err != nil {
		return nil, nil, nil, err
	}
	plan.run = hex.EncodeToString(token[:])
	target, err := newTarget(*url, headers)
	if err != nil {
		return nil, nil, nil, err
	}
	target.prefix, target.suffix = *prefix, *suffix
	item, err := parseTemplate(*body, plan.run)
	return plan, target, item, err
}

// A load is one run of a plan.
type load struct {
	plan    *plan
	workers []*worker
	next    atomic.Int64
	start   time.Time
	end     time.Time
	sent    []int64
	offset  int
}

// A worker owns one connection and all its records, so that workers share nothing while they send.
type worker struct {
	connection connection
	request    *request
	latencies  []time.Duration
	accepted   int
	errors     map[string]int
}

func newLoad(plan *plan, target *target, item *template) *load {
	made := &load{plan: plan}
	if plan.warm > 0 {
		made.offset = plan.warm + plan.connections*plan.batch
	}
	if plan.stamps {
		made.sent = make([]int64, plan.count)
	}
	for i := 0; i < plan.connections; i++ {
		made.workers = append(made.workers, &worker{
			connection: connection{host: target.host},
			request:    newRequest(target, item),
			latencies:  make([]time.Duration, 0, plan.count/plan.connections/plan.batch+1024),
			errors:     map[string]int{},
		})
	}
	return made
}

// warmUp opens every connection and sends the first alerts, which count nowhere.
func (l *load) warmUp() {
	var next atomic.Int64
	l.each(func(w *worker) {
		for first := true; ; first = false {
			seq := int(next.Add(int64(l.plan.batch))) - l.plan.batch
			if seq >= l.plan.warm && !first {
				return
			}
			w.connection.post(w.request.fill(seq, l.plan.batch))
		}
	})
}

func (l *load) play() {
	l.start = time.Now()
	if l.plan.rate > 0 {
		l.playOpen()
	} else {
		l.playClosed()
	}
	l.end = time.Now()
	for _, w := range l.workers {
		w.connection.close()
	}
}

// playClosed lets every connection send its next request when its last was answered.
func (l *load) playClosed() {
	deadline := l.start.Add(time.Duration(l.plan.seconds * float64(time.Second)))
	l.each(func(w *worker) {
		for {
			seq := int(l.next.Add(int64(l.plan.batch))) - l.plan.batch
			now := time.Now()
			if seq >= l.plan.count || now.After(deadline) {
				return
			}
			l.send(w, seq, now)
		}
	})
}

// playOpen has each request due at its time. Latency counts from then, also when no connection was free: a
// receiver that stalls cannot hide it by slowing the sender down.
func (l *load) playOpen() {
	type work struct {
		seq int
		due time.Time
	}
	due := make(chan work, l.plan.count/l.plan.batch+1)
	go func() {
		defer close(due)
		runtime.LockOSThread()
		gap := float64(time.Second) * float64(l.plan.batch) / l.plan.rate
		for i := 0; i*l.plan.batch < l.plan.count; i++ {
			after := time.Duration(float64(i) * gap)
			if after.Seconds() > l.plan.seconds {
				return
			}
			at := l.start.Add(after)
			sleepUntil(at)
			due <- work{i * l.plan.batch, at}
		}
	}()
	l.each(func(w *worker) {
		for work := range due {
			l.send(w, work.seq, work.due)
		}
	})
}

func (l *load) send(w *worker, seq int, from time.Time) {
	batch := min(l.plan.batch, l.plan.count-seq)
	for i := 0; i < batch && l.sent != nil; i++ {
		l.sent[seq+i] = from.UnixNano()
	}
	status, class := w.connection.post(w.request.fill(l.offset+seq, batch))
	switch {
	case class != "":
		w.errors[class]++
	case status < 200 || status > 299:
		w.errors[fmt.Sprintf("http_%d", status)]++
	default:
		w.latencies = append(w.latencies, time.Since(from))
		w.accepted += batch
	}
}

func (l *load) each(work func(*worker)) {
	var all sync.WaitGroup
	for _, w := range l.workers {
		all.Add(1)
		go func(w *worker) {
			defer all.Done()
			work(w)
		}(w)
	}
	all.Wait()
}

// sleepUntil sleeps in the kernel: the runtime's own timers may come a millisecond late.
func sleepUntil(at time.Time) {
	for left := time.Until(at); left > 0; left = time.Until(at) {
		pause := syscall.NsecToTimespec(left.Nanoseconds())
		syscall.Nanosleep(&pause, nil)
	}
}
