// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"vuos.dev/libvdeplug/plug"
)

func buffers(n int) ([][]byte, []int) {
	bufs := make([][]byte, n)
	for i := range bufs {
		bufs[i] = make([]byte, plug.MaxFrame)
	}
	return bufs, make([]int, n)
}

// readAll takes frames until the end.
func readAll(r *Reader) (frames []string, err error) {
	bufs, sizes := buffers(3)
	for {
		n, err := r.Recv(bufs, sizes)
		if err != nil {
			return frames, err
		}
		for i := range n {
			frames = append(frames, string(bufs[i][:sizes[i]]))
		}
	}
}

func TestRoundTrip(t *testing.T) {
	var frames [][]byte
	for size := plug.MinFrame; size <= plug.MaxFrame; size += 461 {
		frames = append(frames, bytes.Repeat([]byte{byte(size)}, size))
	}
	var out bytes.Buffer
	if n, err := NewWriter(&out).Send(frames); n != len(frames) || err != nil {
		t.Fatal(n, err)
	}
	for name, in := range map[string]io.Reader{
		"whole": bytes.NewReader(out.Bytes()), "bytes": iotest.OneByteReader(bytes.NewReader(out.Bytes())),
		"halves": iotest.HalfReader(bytes.NewReader(out.Bytes())), "end with data": iotest.DataErrReader(bytes.NewReader(out.Bytes())),
	} {
		got, err := readAll(NewReader(in, &plug.Tally{}))
		if err != io.EOF || len(got) != len(frames) {
			t.Fatalf("%s: %d frames, %v", name, len(got), err)
		}
		for i := range got {
			if got[i] != string(frames[i]) {
				t.Errorf("%s: frame %d differs", name, i)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	good := "\x00\x0e" + strings.Repeat("g", 14)
	for in, want := range map[string]struct {
		frames    int
		malformed uint64
		err       error
	}{
		"":                              {0, 0, io.EOF},
		"\x00\x00" + good:               {1, 0, io.EOF},
		"\x00\x03abc" + good:            {1, 1, io.EOF},
		good + "\x00":                   {1, 0, io.ErrUnexpectedEOF},
		good + "\x00\x20abc":            {1, 0, io.ErrUnexpectedEOF},
		good + good + "\x24\x13" + good: {2, 0, ErrOutOfStep},
	} {
		var tally plug.Tally
		frames, err := readAll(NewReader(strings.NewReader(in), &tally))
		if len(frames) != want.frames || !errors.Is(err, want.err) || tally.Stats().Malformed != want.malformed {
			t.Errorf("%q: %d frames, %d malformed, %v; want %+v", in, len(frames), tally.Stats().Malformed, err, want)
		}
	}
}

// limited takes so many bytes in one write, and then has had enough.
type limited struct {
	bytes.Buffer
	room int
}

var errRoom = errors.New("no room")

func (l *limited) Write(p []byte) (int, error) {
	if n := l.room; len(p) > n {
		l.room = 0
		l.Buffer.Write(p[:n])
		return n, errRoom
	}
	l.room -= len(p)
	return l.Buffer.Write(p)
}

// TestInterrupted stops a writer after any number of bytes, and has it go on
// with the frames that it did not count as sent.
func TestInterrupted(t *testing.T) {
	var frames [][]byte
	for i := range 4 {
		frames = append(frames, bytes.Repeat([]byte{'a' + byte(i)}, 14+i))
	}
	for stop := range 4 * 16 {
		out := &limited{room: stop}
		w := NewWriter(out)
		n, err := w.Send(frames)
		if err == nil {
			t.Fatalf("stopped after %d: no error", stop)
		}
		out.room = 1000
		if m, err := w.Send(frames[n:]); m != len(frames)-n || err != nil {
			t.Fatalf("stopped after %d: %d of %d, %v", stop, m, len(frames)-n, err)
		}
		if got, err := readAll(NewReader(&out.Buffer, &plug.Tally{})); len(got) != 4 || err != io.EOF {
			t.Fatalf("stopped after %d, at frame %d: %q, %v", stop, n, got, err)
		}
	}
}

// FuzzReader checks that a stream gives the same frames however it is cut.
func FuzzReader(f *testing.F) {
	f.Add([]byte("\x00\x0e12345678901234\x00\x03abc\x00\x00"))
	f.Add([]byte("\x24\x13"))
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, err1 := readAll(NewReader(bytes.NewReader(in), &plug.Tally{}))
		parts, err2 := readAll(NewReader(iotest.OneByteReader(bytes.NewReader(in)), &plug.Tally{}))
		if len(whole) != len(parts) || err1.Error() != err2.Error() {
			t.Fatalf("%d frames, %v; byte by byte %d, %v", len(whole), err1, len(parts), err2)
		}
		for i := range whole {
			if whole[i] != parts[i] || len(whole[i]) < plug.MinFrame || len(whole[i]) > plug.MaxFrame {
				t.Fatalf("frame %d: %q, %q", i, whole[i], parts[i])
			}
		}
	})
}
