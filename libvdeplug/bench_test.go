// SPDX-License-Identifier: Apache-2.0

package libvdeplug_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/plug"
)

// batch makes frames of a usual size.
func batch(n int) [][]byte {
	frames := make([][]byte, n)
	for i := range frames {
		frames[i] = plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), string(make([]byte, 1500)))
	}
	return frames
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

func BenchmarkNull(b *testing.B) {
	c := plugtest.Open(b, "null://")
	frames := batch(32)
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(frames) {
		if _, err := c.Send(frames); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

// stream sends b.N frames from one plug, size at a time, and receives them
// at the other.
func stream(b *testing.B, from, to plug.Conn, size int) {
	frames := batch(size)
	failed := make(chan error, 1)
	b.SetBytes(int64(len(frames[0])))
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		for n := 0; n < b.N; {
			sent, err := from.Send(frames[:min(size, b.N-n)])
			if err != nil {
				failed <- err
				to.Close() // ends the receiver
				return
			}
			n += sent
		}
		failed <- nil
	}()
	bufs, sizes := plug.Buffers(to, 64)
	for n := 0; n < b.N; {
		got, err := to.Recv(bufs, sizes)
		if err != nil {
			b.Fatal(err, <-failed)
		}
		n += got
	}
	if err := <-failed; err != nil {
		b.Fatal(err)
	}
	perSecond(b)
}

func BenchmarkPTP(b *testing.B) {
	for _, options := range []string{"", "[seqpacket]"} {
		for _, size := range []int{1, 32} {
			b.Run(fmt.Sprintf("%sbatch=%d", options, size), func(b *testing.B) {
				vnl := "ptp://" + filepath.Join(plugtest.Dir(b), "line") + options
				one, two := plugtest.Open(b, vnl), plugtest.Open(b, vnl)
				if _, ok := one.(plug.Carrier); ok {
					plugtest.WaitCarrier(b, one, true)
				}
				stream(b, one, two, size)
			})
		}
	}
}

func BenchmarkSwitch(b *testing.B) {
	dir := filepath.Join(plugtest.Dir(b), "sw")
	node := plugtest.Open(b, "switch://"+dir)
	plugged := plugtest.Open(b, dir)
	stream(b, plugged, node, 32)
	if s := node.(plug.StatsReader).Stats(); s.Dropped > 0 {
		b.Errorf("%d frames dropped", s.Dropped)
	}
}
