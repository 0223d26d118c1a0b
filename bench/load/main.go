// tocsin-bench makes load for alert receivers on this machine, receives what they send, and reads what they cost.
//
//	tocsin-bench load  -url http://127.0.0.1:9093/api/v2/alerts -prefix '[' -suffix ']' -body '{"labels":{"id":"{id}"}}' -c 64
//	tocsin-bench sink  -listen 127.0.0.1:9900
//	tocsin-bench usage -process alertmanager=1234 -process tocsin=55+66
//
// Each prints JSON on standard output. Standard library only; nothing but 127.0.0.0/8 and ::1 is ever contacted.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var commands = map[string]func(arguments []string) error{
	"load":  loadCommand,
	"sink":  sinkCommand,
	"usage": usageCommand,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fail(fmt.Errorf("usage: tocsin-bench load|sink|usage [flags]; -h after one of them lists its flags"))
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "tocsin-bench:", err)
	os.Exit(1)
}

func printJSON(value any) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	return encoder.Encode(value)
}
