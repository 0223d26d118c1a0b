package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A sink receives what systems send on, and stamps each notification when its headers are there.
//
//	POST /any/path   a notification; answered 200
//	GET  /arrivals   {"paths": {path: {"count", "first_ns", "last_ns"}}, "arrivals": {run: {seq: ns}}}
//	POST /reset      forget everything
type sink struct {
	mutex sync.Mutex
	seen  arrivals
}

type arrivals struct {
	Paths    map[string]*traffic      `json:"paths"`
	Arrivals map[string]map[int]int64 `json:"arrivals"`
}

// traffic is what came to one path.
type traffic struct {
	Count int   `json:"count"`
	First int64 `json:"first_ns"`
	Last  int64 `json:"last_ns"`
}

func sinkCommand(arguments []string) error {
	flags := flag.NewFlagSet("sink", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:9900", "address of this machine to listen on")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	address, err := net.ResolveTCPAddr("tcp", *listen)
	if err != nil {
		return err
	}
	if !address.IP.IsLoopback() {
		return errors.New("-listen must be an address of this machine alone, such as 127.0.0.1:9900")
	}
	listener, err := net.ListenTCP("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	received := &sink{}
	received.reset()
	return http.Serve(listener, received)
}

func (s *sink) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	now := time.Now().UnixNano()
	switch {
	case request.Method == http.MethodGet && request.URL.Path == "/arrivals":
		s.tell(answer)
	case request.Method == http.MethodPost && request.URL.Path == "/reset":
		s.reset()
	case request.Method == http.MethodPost:
		body, err := io.ReadAll(io.LimitReader(request.Body, 16<<20))
		if err != nil {
			http.Error(answer, err.Error(), http.StatusBadRequest)
			return
		}
		s.record(request.URL.Path, body, now)
	}
}

func (s *sink) tell(answer http.ResponseWriter) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	answer.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(answer).Encode(s.seen); err != nil {
		fmt.Println("the reader went away:", err)
	}
}

func (s *sink) reset() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.seen = arrivals{Paths: map[string]*traffic{}, Arrivals: map[string]map[int]int64{}}
}

// record keeps the first arrival of each id.
func (s *sink) record(path string, body []byte, now int64) {
	found := idPattern.FindAllSubmatch(body, -1)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.seen.Paths[path] == nil {
		s.seen.Paths[path] = &traffic{First: now}
	}
	s.seen.Paths[path].Count++
	s.seen.Paths[path].Last = now
	for _, id := range found {
		run := string(id[1])
		seq, _ := strconv.Atoi(string(id[2]))
		if s.seen.Arrivals[run] == nil {
			s.seen.Arrivals[run] = map[int]int64{}
		}
		if _, known := s.seen.Arrivals[run][seq]; !known {
			s.seen.Arrivals[run][seq] = now
		}
	}
}
