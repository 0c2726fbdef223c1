// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"fmt"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/seccomp"
	"vuos.dev/engine/internal/view"
)

type pos = view.Pos

// installFile gives the guest a descriptor for an open file. f is nil for O_PATH. The
// file is released if that fails.
func (c *call) installFile(o *openedAt, f engine.File, flags int) (int, error) {
	at := o.pos
	cloexec := flags&unix.O_CLOEXEC != 0
	switch h := f.(type) {
	case engine.HostFile:
		// A directory below a mount point stays ours: what is reached through it is virtual.
		if at.Host() || at.Node.Type() != unix.S_IFDIR {
			fd, err := c.s.listener.AddLowest(c.n.ID, h.HostFD(), cloexec)
			f.Release(c)
			return fd, err
		}
	case engine.StreamFile:
		return c.installStream(o, f, h, flags)
	}
	if at.Mount != nil {
		at.Mount.Get()
	}
	spec := fdesc.Spec{Node: at.Node, File: f, Flags: flags, Owner: o, Unwatched: c.s.watches.Empty(), OnClose: func() { o.watched.Load().Close() }, OnRelease: func() {
		if at.Mount != nil {
			at.Mount.Put()
		}
	}}
	opened, fd, err := c.s.files.Open(c, spec)
	if err != nil {
		if f != nil {
			f.Release(c)
		}
		spec.OnRelease()
		return -1, err
	}
	defer unix.Close(fd) // which is the last close if it was not installed
	if spec.Unwatched {  // who watches is told of each read
		opened.ReadNatively(c)
	}
	n, err := c.installZone(fd, cloexec, zoneFor(opened))
	if err == errHardLimit {
		return c.installBelow(opened, fd, cloexec)
	}
	return n, err
}

// installBelow gives an open file the lowest free number, in a guest that cannot have one of the zone: as dup2
// does it, see sysDup2.
func (c *call) installBelow(o *fdesc.Open, fd int, cloexec bool) (int, error) {
	if o.Native() || !o.Device() {
		if err := o.Materialize(c, fd); err != nil {
			return -1, err
		}
		return c.s.listener.AddLowest(c.n.ID, fd, cloexec)
	}
	alias, err := o.Alias()
	if err != nil {
		return -1, err
	}
	defer unix.Close(alias)
	return c.s.listener.AddLowest(c.n.ID, alias, cloexec)
}

// errHardLimit says that the hard RLIMIT_NOFILE leaves no number of the zone. It is EMFILE.
var errHardLimit = fmt.Errorf("descriptors of the zone: %w", unix.EMFILE)

func (c *call) installStream(at *openedAt, f engine.File, s engine.StreamFile, flags int) (int, error) {
	fd, err := s.Stream()
	if err != nil {
		f.Release(c)
		return -1, err
	}
	defer unix.Close(fd)
	if flags&unix.O_NONBLOCK != 0 {
		_ = unix.SetNonblock(fd, true)
	}
	m := at.pos.Mount
	m.Get()
	o, err := c.s.files.OpenStream(fdesc.Spec{
		Node: at.pos.Node, File: f, Flags: flags, Owner: at,
		OnClose: func() { at.watched.Load().Close() }, OnRelease: m.Put,
	}, fd)
	if err != nil {
		m.Put()
		f.Release(c)
		return -1, err
	}
	if e, ok := f.(engine.StreamEnder); ok {
		go func() {
			<-e.Ended()
			o.Release()
		}()
	}
	return c.installZone(fd, flags&unix.O_CLOEXEC != 0, otherZone)
}

// installZone installs umvu's descriptor fd as a virtual descriptor of the guest: 0, 1 or 2 if
// that is the lowest free number, as POSIX says, otherwise one of z.
func (c *call) installZone(fd int, cloexec bool, z zone) (int, error) {
	return c.installFrom(fd, cloexec, z, 0)
}

// installFrom is installZone with a number that is not less than from.
func (c *call) installFrom(fd int, cloexec bool, z zone, from int) (int, error) {
	lim, err := guest.GetLimit(c.TID(), unix.RLIMIT_NOFILE)
	if err != nil {
		return -1, err
	}
	nums := c.s.numbersOf(c.PID())
	nums.mu.Lock()
	defer nums.mu.Unlock()
	n, err := c.freeNumber(nums, z, from, lim.Cur)
	if err != nil {
		return -1, err
	}
	err = c.addNumber(fd, n, cloexec, lim)
	if err != errHardLimit {
		return n, err
	}
	for n := int(min(lim.Max, seccomp.ReadZoneEnd)) - 1; n >= max(seccomp.Zone, from); n-- {
		if (z == readZone || zoneOf(n) == otherZone) && !guest.FDOpen(c.TID(), n) {
			return n, c.addNumber(fd, n, cloexec, lim)
		}
	}
	return -1, errHardLimit
}

// addNumber installs fd as the free number n. Where that is beyond the guest's RLIMIT_NOFILE, the guest may have as many
// descriptors as it says, but they would all be below the zone.
func (c *call) addNumber(fd, n int, cloexec bool, lim unix.Rlimit) error {
	if uint64(n) < lim.Cur {
		return c.s.listener.AddFD(c.n.ID, fd, n, cloexec)
	}
	if c.full(lim.Cur) {
		return unix.EMFILE
	}
	return c.addBeyond(fd, n, cloexec, lim)
}

// full tells whether the guest has as many descriptors as its RLIMIT_NOFILE says. The kernel looks for a free number
// below the limit, so real ones beyond one that was lowered do not count; virtual ones do, whatever their number.
func (c *call) full(limit uint64) bool {
	if uint64(guest.FDCount(c.TID())) < limit {
		return false
	}
	var count uint64
	for _, fd := range guest.FDs(c.TID()) {
		if uint64(fd) < limit || c.file(fd) != nil || c.datagram(fd) != nil {
			count++
		}
	}
	return count >= limit
}

// freeNumber finds the number for a virtual descriptor, not less than from: 0, 1 or 2, or the first free one in the
// order in which z is filled. If the read zone or the poll zone is full it is one of the other, where reading is only slower.
func (c *call) freeNumber(nums *numbers, z zone, from int, limit uint64) (int, error) {
	for n := from; n < 3; n++ {
		if !guest.FDOpen(c.TID(), n) {
			return n, nil
		}
	}
	count := 0
	switch z {
	case readZone:
		count = seccomp.ReadZoneEnd - seccomp.ReadZone
	case pollZone:
		count = seccomp.ReadZone - firstPolled
	}
	if n := c.freeIn(nums, z, from, count); n >= 0 {
		return n, nil
	}
	if n := c.freeIn(nums, otherZone, from, seccomp.ReadZone-seccomp.Zone+int(min(limit, 1<<24))); n >= 0 {
		return n, nil
	}
	return -1, unix.EMFILE
}

// freeIn finds one of the first count numbers of a zone that is free and not less than from, or returns -1.
func (c *call) freeIn(nums *numbers, z zone, from, count int) int {
	hinted := from <= seccomp.Zone // any number of the zone will do
	first := 0
	if hinted {
		first = nums.next[z][c.PID()]
	}
	for k := range count {
		i := (first + k) % count
		if n := z.number(i); n >= from && !guest.FDOpen(c.TID(), n) {
			if hinted {
				nums.took(z, c.PID(), i)
			}
			return n
		}
	}
	return -1
}

// addBeyond installs a number that the guest's RLIMIT_NOFILE does not allow. Beyond the hard limit umvu
// needs CAP_SYS_RESOURCE.
func (c *call) addBeyond(fd, n int, cloexec bool, lim unix.Rlimit) error {
	more := unix.Rlimit{Cur: uint64(n) + 1, Max: max(uint64(n)+1, lim.Max)}
	if err := guest.SetLimit(c.TID(), unix.RLIMIT_NOFILE, more); err != nil {
		return errHardLimit
	}
	err := c.s.listener.AddFD(c.n.ID, fd, n, cloexec)
	if e := guest.SetLimit(c.TID(), unix.RLIMIT_NOFILE, lim); err == nil && e != nil {
		return e
	}
	if err == unix.EBADF {
		return unix.EMFILE
	}
	return err
}
