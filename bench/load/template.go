package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A template is an alert's text with holes: {id} is unique for each alert of each run, {seq} counts from 0,
// {mod:N} is the count modulo N. Braces around anything else are plain text.
type template struct {
	parts []part
	run   string
}

// A part is literal text followed by a hole.
type part struct {
	text string
	hole hole
	mod  int
}

type hole int

const (
	noHole hole = iota
	idHole
	seqHole
	modHole
)

var holes = regexp.MustCompile(`\{(?:id|seq|mod:([1-9][0-9]*))\}`)

func parseTemplate(text, run string) (*template, error) {
	parsed := &template{run: run}
	from := 0
	for _, found := range holes.FindAllStringSubmatchIndex(text, -1) {
		piece := part{text: text[from:found[0]]}
		switch name := text[found[0]:found[1]]; {
		case name == "{id}":
			piece.hole = idHole
		case name == "{seq}":
			piece.hole = seqHole
		default:
			mod, err := strconv.Atoi(text[found[2]:found[3]])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			piece.hole, piece.mod = modHole, mod
		}
		parsed.parts = append(parsed.parts, piece)
		from = found[1]
	}
	parsed.parts = append(parsed.parts, part{text: text[from:]})
	return parsed, nil
}

// fill appends the text of alert number seq.
func (t *template) fill(to []byte, seq int) []byte {
	for _, piece := range t.parts {
		to = append(to, piece.text...)
		switch piece.hole {
		case idHole:
			to = append(append(to, "tb"...), t.run...)
			to = append(strconv.AppendInt(append(to, '-'), int64(seq), 10), 'z')
		case seqHole:
			to = strconv.AppendInt(to, int64(seq), 10)
		case modHole:
			to = strconv.AppendInt(to, int64(seq%piece.mod), 10)
		}
	}
	return to
}

// idPattern finds the ids that fill writes, wherever they stand in what a system sends on.
var idPattern = regexp.MustCompile(`tb([0-9a-f]{8})-([0-9]+)z`)

// A request is the whole HTTP request for one post; the head is made once.
type request struct {
	head           []byte
	prefix, suffix string
	item           *template
	body, whole    []byte
}

func newRequest(target *target, item *template) *request {
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%sContent-Length: ",
		target.path, target.host, strings.Join(target.headers, ""))
	return &request{head: []byte(head), prefix: target.prefix, suffix: target.suffix, item: item}
}

// fill returns the bytes for `batch` alerts from number seq on; they are valid until the next call.
func (r *request) fill(seq, batch int) []byte {
	r.body = append(r.body[:0], r.prefix...)
	for i := 0; i < batch; i++ {
		if i > 0 {
			r.body = append(r.body, ',')
		}
		r.body = r.item.fill(r.body, seq+i)
	}
	r.body = append(r.body, r.suffix...)
	r.whole = append(r.whole[:0], r.head...)
	r.whole = strconv.AppendInt(r.whole, int64(len(r.body)), 10)
	r.whole = append(r.whole, "\r\n\r\n"...)
	r.whole = append(r.whole, r.body...)
	return r.whole
}
