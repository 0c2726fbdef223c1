// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// dumpRule says what strict checking allows in a dump request.
type dumpRule struct {
	what   string       // names the request in messages
	size   int          // of the fixed part
	zero   []int        // its bytes that must be 0
	attrs  map[int]bool // attributes that filter
	prefix string       // of messages: "ipv4: "
}

// short names the request in the message for one that is too short (rtnl_valid_dump_ifinfo_req() has its own wording).
func (d *dumpRule) short() string {
	if d.size == unix.SizeofIfInfomsg {
		return d.what
	}
	return d.what + " request"
}

// parse parses a dump request. Without strict checking it is taken as it
// comes, and only the family counts.
func (d *dumpRule) parse(r *nlsock.Request) (hdr []byte, attrs nl.Attrs, err error) {
	if !r.Strict {
		hdr = make([]byte, d.size)
		hdr[0] = r.Body[0]
		if len(r.Body) >= d.size {
			attrs, _ = nl.ParseAttrs(r.Body[d.size:], nl.HeaderLen+d.size)
		}
		return hdr, attrs, nil
	}
	if len(r.Body) < d.size {
		return nil, nil, fail(unix.EINVAL, d.prefix+"Invalid header for "+d.short())
	}
	hdr, attrs, err = parse(r, d.size)
	if err != nil {
		return nil, nil, err
	}
	for _, i := range d.zero {
		if hdr[i] != 0 {
			return nil, nil, fail(unix.EINVAL, d.prefix+"Invalid values in header for "+d.what+" request")
		}
	}
	for typ, a := range attrs {
		if !d.attrs[typ] {
			return nil, nil, failAt(unix.EINVAL, d.prefix+"Unsupported attribute in "+d.what+" request", a)
		}
	}
	return hdr, attrs, nil
}

// filtered is the flag of dump messages that were selected.
const filtered = unix.NLM_F_DUMP_FILTERED
