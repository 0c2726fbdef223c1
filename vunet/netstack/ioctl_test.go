// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// memory is a guest's memory from address 4096 on.
type memory []byte

const base = 4096

func (m memory) ReadAt(p []byte, addr uint64) (int, error) {
	if addr < base || addr-base > uint64(len(m)) {
		return 0, unix.EFAULT
	}
	if n := copy(p, m[addr-base:]); n < len(p) {
		return n, unix.EFAULT
	}
	return len(p), nil
}

func (m memory) WriteAt(p []byte, addr uint64) (int, error) {
	if addr < base || addr-base+uint64(len(p)) > uint64(len(m)) {
		return 0, unix.EFAULT
	}
	return copy(m[addr-base:], p), nil
}

// ifioctl does an ioctl with struct ifreq.
func ifioctl(k *sock, cmd uint32, name string, data []byte) (ifreq, error) {
	m := make(memory, sizeofIfreq)
	copy(m, name)
	copy(m[unix.IFNAMSIZ:], data)
	_, err := k.Ioctl(caller(), m, cmd, base)
	return ifreq(m), err
}

// TestIfconfig configures an interface as ifconfig and route do.
func TestIfconfig(t *testing.T) {
	x, _ := newPipe()
	k := open(t, oneStack(t, x), unix.AF_INET, unix.SOCK_DGRAM, 0)
	do := func(cmd uint32, data []byte) ifreq {
		t.Helper()
		q, err := ifioctl(k, cmd, "vde0", data)
		if err != nil {
			t.Fatalf("ioctl %#x: %v", cmd, err)
		}
		return q
	}
	do(unix.SIOCSIFADDR, in4([4]byte{192, 168, 7, 1}, 0))
	do(unix.SIOCSIFNETMASK, in4([4]byte{255, 255, 255, 128}, 0))
	do(unix.SIOCSIFFLAGS, binary.NativeEndian.AppendUint16(nil, unix.IFF_UP|unix.IFF_MULTICAST))
	flags := do(unix.SIOCGIFFLAGS, nil)
	if f := binary.NativeEndian.Uint16(flags.data()); f != unix.IFF_UP|unix.IFF_BROADCAST|unix.IFF_RUNNING|unix.IFF_MULTICAST {
		t.Errorf("flags %#x", f)
	}
	brd := do(unix.SIOCGIFBRDADDR, nil)
	if [4]byte(brd.data()[4:]) != [4]byte{192, 168, 7, 127} {
		t.Errorf("broadcast %v", brd.data()[4:8])
	}
	hw := do(unix.SIOCGIFHWADDR, nil)
	if hw.data()[0] != unix.ARPHRD_ETHER || hw.data()[2]&3 != 2 {
		t.Errorf("hardware address %x is not a local one", hw.data()[:8])
	}
	if _, err := ifioctl(k, unix.SIOCGIFINDEX, "eth9", nil); !errors.Is(err, unix.ENODEV) {
		t.Errorf("unknown interface: %v", err)
	}
	conf := make(memory, 256)
	binary.NativeEndian.PutUint32(conf, 200)
	binary.NativeEndian.PutUint64(conf[8:], base+16)
	if _, err := k.Ioctl(caller(), conf, unix.SIOCGIFCONF, base); err != nil || binary.NativeEndian.Uint32(conf) != sizeofIfreq {
		t.Errorf("SIOCGIFCONF: %d, %v", binary.NativeEndian.Uint32(conf), err)
	}
	rt := make(memory, rtSize)
	copy(rt[rtDst:], in4([4]byte{}, 0))
	copy(rt[rtGate:], in4([4]byte{192, 168, 7, 2}, 0))
	copy(rt[rtMask:], in4([4]byte{}, 0))
	binary.NativeEndian.PutUint16(rt[rtFlags:], unix.RTF_UP|unix.RTF_GATEWAY)
	for _, cmd := range []uint32{unix.SIOCADDRT, unix.SIOCDELRT} {
		if _, err := k.Ioctl(caller(), rt, cmd, base); err != nil {
			t.Errorf("route ioctl %#x: %v", cmd, err)
		}
	}
	if _, err := k.Ioctl(caller(), rt, unix.SIOCDELRT, base); !errors.Is(err, unix.ESRCH) {
		t.Errorf("deleting again: %v", err)
	}
	if _, err := k.Ioctl(&enginetest.Call{Who: engine.Cred{IDs: engine.IDs{EUID: 1000}}}, rt, unix.SIOCADDRT, base); !errors.Is(err, unix.EPERM) {
		t.Errorf("without capability: %v", err)
	}
}
