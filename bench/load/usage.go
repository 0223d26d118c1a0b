package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Linux counts CPU time for user programs in hundredths of a second on every platform.
const ticksPerSecond = 100

// A tree is what a process and all its descendants have used so far.
type tree struct {
	CPU   float64 `json:"cpu_s"`
	PSS   float64 `json:"pss_mib"`
	Count int     `json:"count"`
}

// A usage is one look at the machine.
type usage struct {
	At         int64           `json:"at_ns"`
	OwnCPU     float64         `json:"own_cpu_s"`
	MachineCPU float64         `json:"machine_cpu_s"`
	Processes  map[string]tree `json:"processes"`
}

func usageCommand(arguments []string) error {
	processes := processFlags{}
	flags := flag.NewFlagSet("usage", flag.ContinueOnError)
	flags.Var(&processes, "process", "name=PID[+PID]; may be given more than once")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	seen, err := takeUsage(processes)
	if err != nil {
		return err
	}
	return printJSON(seen)
}

func takeUsage(wanted processFlags) (*usage, error) {
	machine, err := machineCPU()
	if err != nil {
		return nil, err
	}
	made := &usage{At: time.Now().UnixNano(), OwnCPU: ownCPU(), MachineCPU: machine, Processes: map[string]tree{}}
	stats, err := allStats()
	if err != nil {
		return nil, err
	}
	for name, roots := range wanted {
		for _, root := range roots {
			if _, runs := stats[root]; !runs {
				return nil, fmt.Errorf("process %d (%s) does not run", root, name)
			}
		}
		made.Processes[name] = sumTree(stats, roots, wanted.rootsBut(name))
	}
	return made, nil
}

// sumTree counts each process once: a tree that is watched under a name of its own is no part of the one above it.
// What an ended child used is counted by the parent that waited for it.
func sumTree(stats map[int]stat, roots []int, seen map[int]bool) tree {
	var sum tree
	for waiting := roots; len(waiting) > 0; {
		pid := waiting[0]
		waiting = waiting[1:]
		if seen[pid] {
			continue
		}
		seen[pid] = true
		sum.CPU += float64(stats[pid].ticks) / ticksPerSecond
		sum.PSS += readPSS(pid)
		sum.Count++
		waiting = append(waiting, stats[pid].children...)
	}
	return sum
}

type stat struct {
	ticks    int
	children []int
}

func allStats() (map[int]stat, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	stats := map[int]stat{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		parent, ticks, runs := readStat(pid)
		if !runs {
			continue
		}
		own, above := stats[pid], stats[parent]
		own.ticks, above.children = ticks, append(above.children, pid)
		stats[pid], stats[parent] = own, above
	}
	return stats, nil
}

// readStat reads a process's parent and CPU ticks (its own and its ended children's); a process may be gone by now.
func readStat(pid int) (parent, ticks int, runs bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	parent, _ = strconv.Atoi(fields[1])
	for _, field := range fields[11:15] {
		part, _ := strconv.Atoi(field)
		ticks += part
	}
	return parent, ticks, true
}

// readPSS reads a process's memory in MiB, shared pages shared out among those that map them; 0 if it may not be read.
func readPSS(pid int) float64 {
	file, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "Pss:" {
			kib, _ := strconv.Atoi(fields[1])
			return float64(kib) / 1024
		}
	}
	return 0
}

// machineCPU is the time that all cores together did not idle, in seconds since boot.
func machineCPU() (float64, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	busy := 0
	for i, field := range strings.Fields(line)[1:9] {
		ticks, _ := strconv.Atoi(field)
		if idle := i == 3 || i == 4 || i == 7; !idle {
			busy += ticks
		}
	}
	return float64(busy) / ticksPerSecond, nil
}

func ownCPU() float64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}
