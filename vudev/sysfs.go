// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"vuos.dev/engine"
)

// Where programs look for block devices (Documentation/ABI/testing/sysfs-block). Those in sysDevices are
// directories, the others links to them.
const (
	sysDevices = "/sys/devices/virtual/block/"
	sysBlock   = "/sys/block/"
	sysClass   = "/sys/class/block/"
	sysNumbers = "/sys/dev/block/"
)

// name is what the kernel would call the device: that of its file.
func (n *node) name() string {
	base := path.Base(n.disk.point)
	if n.number == 0 {
		return base
	}
	return base + strconv.Itoa(n.number)
}

// dir is the device's directory in /sys.
func (n *node) dir() string {
	whole := sysDevices + n.disk.whole.name()
	if n.number == 0 {
		return whole
	}
	return whole + "/" + n.name()
}

// devno is the device number as text, M:m.
func (n *node) devno() string {
	return fmt.Sprintf("%d:%d", n.attr.major, n.attr.minor)
}

// showInSys adds the device to /sys. It returns what takes it away again.
func (n *node) showInSys() (hide func()) {
	points := map[string]engine.Node{
		sysClass + n.name():    sysLink{n, "../../" + strings.TrimPrefix(n.dir(), "/sys/")},
		sysNumbers + n.devno(): sysLink{n, "../../" + strings.TrimPrefix(n.dir(), "/sys/")},
	}
	if n.number == 0 {
		points[sysBlock+n.name()] = sysLink{n, "../" + strings.TrimPrefix(n.dir(), "/sys/")}
		points[n.dir()] = sysNode{n, ""}
	}
	var detach []func() error
	for point, root := range points {
		detach = append(detach, n.disk.host.Attach(point, "sysfs", partOfSys{root}))
	}
	return func() {
		for _, f := range detach {
			_ = f() // EINVAL if the view has ended
		}
	}
}

// partOfSys is what a device adds to /sys or /proc.
type partOfSys struct{ root engine.Node }

var (
	_ engine.FileSystemLister = partOfSys{}
	_ engine.FileSystemPart   = partOfSys{}
)

// Root implements [engine.FileSystem].
func (p partOfSys) Root() engine.Node { return p.root }

// Unmount implements [engine.FileSystem].
func (partOfSys) Unmount(engine.Call) error { return nil }

// Listed implements [engine.FileSystemLister].
func (partOfSys) Listed() bool { return true }

// PartOfOther implements [engine.FileSystemPart].
func (partOfSys) PartOfOther() bool { return true }

// sysEntry is what a name in a device's directory is: a directory, a link if target is set, or a
// file with a text.
type sysEntry struct {
	dir          bool
	target, text string
}

// entries are all names below the device's directory, partitions included. "" is the directory itself.
func (n *node) entries() map[string]sysEntry {
	e := map[string]sysEntry{
		"": {dir: true}, "holders": {dir: true},
		"dev":              {text: n.devno()},
		"ro":               {text: n.flagText()},
		"size":             {text: strconv.FormatInt(n.size()/sectorSize, 10)},
		"alignment_offset": {text: "0"}, "discard_alignment": {text: "0"},
		"inflight": {text: "       0        0"},
		"stat":     {text: strings.Repeat(" 0", 17)},
	}
	kind, up := "disk", "../../../../class/block"
	if n.number != 0 {
		kind, up = "partition", "../"+up
		e["partition"] = sysEntry{text: strconv.Itoa(n.number)}
		e["start"] = sysEntry{text: strconv.FormatInt(n.start/sectorSize, 10)}
	}
	e["subsystem"] = sysEntry{target: up}
	uevent := fmt.Sprintf("MAJOR=%d\nMINOR=%d\nDEVNAME=%s\nDEVTYPE=%s", n.attr.major, n.attr.minor, n.name(), kind)
	if n.number != 0 {
		uevent += fmt.Sprintf("\nPARTN=%d", n.number)
	} else {
		n.wholeEntries(e)
	}
	e["uevent"] = sysEntry{text: uevent}
	return e
}

func (n *node) flagText() string {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	if n.disk.isReadOnly(n) {
		return "1"
	}
	return "0"
}

// wholeEntries adds what only a whole disk has.
func (n *node) wholeEntries(e map[string]sysEntry) {
	e["slaves"], e["queue"] = sysEntry{dir: true}, sysEntry{dir: true}
	for name, text := range map[string]string{
		"removable": "0", "hidden": "0", "range": "1", "ext_range": strconv.Itoa(minorsPerDisk), "capability": "0",
	} {
		e[name] = sysEntry{text: text}
	}
	granularity, most := "0", "0"
	if _, ok := n.disk.device.(Discarder); ok {
		granularity, most = "4096", strconv.FormatInt(n.size(), 10)
	}
	sector := strconv.Itoa(sectorSize)
	for name, text := range map[string]string{
		"logical_block_size": sector, "physical_block_size": sector, "hw_sector_size": sector, "minimum_io_size": sector,
		"optimal_io_size": "0", "rotational": "0", "read_ahead_kb": "128", "nr_requests": "128", "max_sectors_kb": "1280",
		"max_hw_sectors_kb": "1280", "scheduler": "none", "zoned": "none", "nr_zones": "0", "add_random": "0", "iostats": "0",
		"discard_granularity": granularity, "discard_max_bytes": most, "discard_max_hw_bytes": most, "discard_zeroes_data": "0",
		"write_cache": "write back", "fua": "0", "dax": "0", "write_same_max_bytes": "0", "write_zeroes_max_bytes": "0",
	} {
		e["queue/"+name] = sysEntry{text: text}
	}
	for _, p := range n.disk.current() {
		for name, entry := range p.entries() {
			e[strings.TrimSuffix(p.name()+"/"+name, "/")] = entry
		}
	}
}
