package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const patience = 30 * time.Second

// A target is where alerts go, taken apart for a raw socket.
type target struct {
	host, path     string
	headers        []string
	prefix, suffix string
}

// newTarget refuses every address that is not this machine's own.
func newTarget(address string, headers []string) (*target, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	ip := net.ParseIP(parsed.Hostname())
	if parsed.Scheme != "http" || parsed.Port() == "" || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("-url must be http://127.0.0.1:PORT/…: load goes to this machine only, not to %q", address)
	}
	made := &target{host: parsed.Host, path: parsed.RequestURI()}
	for _, header := range headers {
		if strings.ContainsAny(header, "\r\n") || !strings.Contains(header, ":") {
			return nil, fmt.Errorf("-header must be 'Name: value', not %q", header)
		}
		made.headers = append(made.headers, header+"\r\n")
	}
	return made, nil
}

// A connection is one keep-alive HTTP/1.1 connection; it opens itself again after a failure.
type connection struct {
	host   string
	socket net.Conn
	reader *bufio.Reader
}

// post sends a whole request and reads the answer to its end. The class of a failure is one of: dial, write, read.
func (c *connection) post(whole []byte) (status int, class string) {
	fresh := c.socket == nil
	if fresh {
		socket, err := net.DialTimeout("tcp", c.host, patience)
		if err != nil {
			return 0, "dial"
		}
		c.socket, c.reader = socket, bufio.NewReaderSize(socket, 16<<10)
	}
	c.socket.SetDeadline(time.Now().Add(patience))
	if _, err := c.socket.Write(whole); err != nil {
		c.close()
		return 0, "write"
	}
	status, keep, err := readAnswer(c.reader)
	if err != nil || !keep {
		c.close()
	}
	if err != nil {
		return 0, "read"
	}
	return status, ""
}

func (c *connection) close() {
	if c.socket != nil {
		c.socket.Close()
		c.socket = nil
	}
}

// readAnswer reads one answer; keep tells whether the connection may be used again.
func readAnswer(reader *bufio.Reader) (status int, keep bool, err error) {
	line, err := reader.ReadSlice('\n')
	if err != nil {
		return 0, false, err
	}
	if len(line) < 12 {
		return 0, false, errors.New("no status line")
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, false, err
	}
	length, chunked, keep, err := readHeaders(reader)
	switch {
	case err != nil:
	case chunked:
		err = skipChunks(reader)
	case length >= 0:
		_, err = reader.Discard(length)
	case status != 204:
		keep = false
		_, err = io.Copy(io.Discard, reader)
	}
	return status, keep, err
}

func readHeaders(reader *bufio.Reader) (length int, chunked, keep bool, err error) {
	length, keep = -1, true
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return 0, false, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, chunked, keep, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case isName(name, "content-length"):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, false, false, err
			}
		case isName(name, "transfer-encoding"):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case isName(name, "connection"):
			keep = !bytes.EqualFold(value, []byte("close"))
		}
	}
}

func isName(name []byte, wanted string) bool {
	return len(name) == len(wanted) && bytes.EqualFold(name, []byte(wanted))
}

func skipChunks(reader *bufio.Reader) error {
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 32)
		if err != nil {
			return err
		}
		if _, err = reader.Discard(int(size) + 2); err != nil || size == 0 {
			return err
		}
	}
}
