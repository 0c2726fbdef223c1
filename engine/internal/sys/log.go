// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"vuos.dev/engine"
)

// Log is where umvu and its modules write lines, and which debug tags are set.
type Log struct {
	level engine.Level
	mu    sync.Mutex
	out   io.Writer
	tags  atomic.Uint64 // set tags, by tagBit
	names map[byte]string
	color map[byte]string

	alsoLevel engine.Level
	also      func(engine.Level, string)
}

// NewLog makes a log that writes lines up to level to out.
func NewLog(out io.Writer, level engine.Level) *Log {
	l := &Log{out: out, level: level, names: map[byte]string{}, color: map[byte]string{}}
	for tag, name := range map[byte]string{
		'a': "ACTION", 'c': "CHOICE", 'd': "FD_TABLE", 'f': "FILETABLE", 'm': "MODULE",
		'n': "NESTED", 'p': "PATH", 's': "SYSCALL", 't': "THREADS", 'v': "VNODE",
	} {
		l.names[tag] = name
	}
	return l
}

// Also passes lines up to level to f too, one at a time. It is called before there are guests.
func (l *Log) Also(level engine.Level, f func(level engine.Level, line string)) {
	l.alsoLevel, l.also = level, f
}

// AddTag makes a module's tag known.
func (l *Log) AddTag(tag byte, name string) {
	if tag != 0 {
		l.mu.Lock()
		l.names[tag] = name
		l.mu.Unlock()
	}
}

// TagName is the name of a debug tag, or "".
func (l *Log) TagName(tag byte) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.names[tag]
}

// Logf writes a line if its level is within the verbosity.
func (l *Log) Logf(level engine.Level, format string, a ...any) {
	if level <= l.level {
		l.write("umvu: "+format+"\n", a...)
	}
	if l.also != nil && level <= l.alsoLevel {
		l.mu.Lock()
		l.also(level, fmt.Sprintf(format, a...))
		l.mu.Unlock()
	}
}

// Debugf writes a line if the tag is set.
func (l *Log) Debugf(tag byte, format string, a ...any) {
	if !l.Debugging(tag) {
		return
	}
	l.mu.Lock()
	color := l.color[tag]
	l.mu.Unlock()
	if color == "" {
		l.write(string(tag)+" "+format+"\n", a...)
		return
	}
	l.write(color+string(tag)+" "+format+"\x1b[0m\n", a...)
}

func (l *Log) write(format string, a ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.out, format, a...)
}

// allTags are the characters that can be debug tags, in the order of their bits.
const allTags = " ABCDEFGHIJKLMNOPQRSTUVWXYZ_01234abcdefghijklmnopqrstuvwxyz56789"

func tagBit(tag byte) uint64 {
	i := strings.IndexByte(allTags, tag)
	if i < 0 || i > 63 {
		return 0
	}
	return 1 << uint(i)
}

// Debugging tells whether a tag is set.
func (l *Log) Debugging(tag byte) bool { return l.tags.Load()&tagBit(tag) != 0 }

// SetTags sets and ClearTags clears debug tags.
func (l *Log) SetTags(tags string)   { l.tags.Or(mask(tags)) }
func (l *Log) ClearTags(tags string) { l.tags.And(^mask(tags)) }

func mask(tags string) (m uint64) {
	for i := range len(tags) {
		m |= tagBit(tags[i])
	}
	return m
}

// Tags are the tags that are set.
func (l *Log) Tags() string {
	m := l.tags.Load()
	var b []byte
	for i := range 64 {
		if m&(1<<uint(i)) != 0 {
			b = append(b, allTags[i])
		}
	}
	slices.Sort(b)
	return string(b)
}

// SetColors reads colours for tags as vudebug has them: tags, a colon, colour letters
// (krgybmcw for the text, upper case for bright, then u underlined, # reversed), comma.
func (l *Log) SetColors(spec string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for part := range strings.SplitSeq(spec, ",") {
		tags, colors, ok := strings.Cut(part, ":")
		if !ok {
			continue
		}
		for i := range len(tags) {
			l.color[tags[i]] = escape(colors)
		}
	}
}

func escape(colors string) string {
	var b strings.Builder
	for i := range len(colors) {
		switch ch := colors[i]; {
		case strings.IndexByte("krgybmcw", ch) >= 0:
			fmt.Fprintf(&b, "\x1b[%dm", 30+strings.IndexByte("krgybmcw", ch))
		case strings.IndexByte("KRGYBMCW", ch) >= 0:
			fmt.Fprintf(&b, "\x1b[%dm", 90+strings.IndexByte("KRGYBMCW", ch))
		case ch == 'u':
			b.WriteString("\x1b[4m")
		case ch == '#':
			b.WriteString("\x1b[7m")
		}
	}
	return b.String()
}
