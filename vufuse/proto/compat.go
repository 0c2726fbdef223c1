// SPDX-License-Identifier: Apache-2.0

package proto

// InSize is how much of a request's body of n bytes a server of the given minor version
// expects (fs/fuse/dev.c:fuse_adjust_compat). ext tells whether SETXATTR is the extended form.
func InSize(op Op, minor uint32, ext bool, n int) int {
	switch {
	case op == Mknod && minor < 12:
		return compatMknodIn
	case op == Create && minor < 12:
		return compatCreateIn
	case op == Write && minor < 9:
		return compatWriteIn
	case op == Setxattr && !ext:
		return compatSetxattr
	}
	return n
}

// FillOut copies the fixed part of a reply, as a server of the given minor version lays it out,
// to out. It returns what follows it, and false if body is too short.
func FillOut(op Op, minor uint32, out Message, body []byte) (rest []byte, ok bool) {
	dst := out.Raw()
	if minor >= 9 {
		return fill(dst, body, len(dst))
	}
	switch op {
	case Lookup, Mknod, Mkdir, Symlink, Link:
		return fill(dst, body, compatEntryOut)
	case Getattr, Setattr:
		return fill(dst, body, compatAttrOut)
	case Create:
		c, is := out.(*CreateOut)
		if !is {
			return nil, false
		}
		if body, ok = fill(c.Entry.Raw(), body, compatEntryOut); !ok {
			return nil, false
		}
		return fill(c.Open.Raw(), body, OutHeaderSize)
	}
	return fill(dst, body, len(dst))
}

func fill(dst, body []byte, n int) ([]byte, bool) {
	if len(body) < n {
		return nil, false
	}
	copy(dst, body[:n])
	return body[n:], true
}
