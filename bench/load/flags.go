package main

import (
	"fmt"
	"strconv"
	"strings"
)

// textFlags collects a flag that may be given more than once.
type textFlags []string

func (f *textFlags) String() string { return strings.Join(*f, ", ") }

func (f *textFlags) Set(text string) error {
	*f = append(*f, text)
	return nil
}

// processFlags collects name=PID[+PID] into the roots of each named tree.
type processFlags map[string][]int

func (f *processFlags) String() string { return fmt.Sprint(map[string][]int(*f)) }

func (f *processFlags) Set(text string) error {
	name, pids, found := strings.Cut(text, "=")
	if !found {
		return fmt.Errorf("want name=PID[+PID], not %q", text)
	}
	for _, pid := range strings.Split(pids, "+") {
		number, err := strconv.Atoi(pid)
		if err != nil {
			return err
		}
		(*f)[name] = append((*f)[name], number)
	}
	return nil
}

// rootsBut is the roots of all other trees.
func (f processFlags) rootsBut(name string) map[int]bool {
	others := map[int]bool{}
	for other, roots := range f {
		for _, root := range roots {
			others[root] = others[root] || other != name
		}
	}
	return others
}
