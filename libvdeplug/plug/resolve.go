// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// maxIndirect is how many files may name each other before it is an error.
	maxIndirect = 8
	// maxVNL is the longest locator read from a file, in bytes (PATH_MAX).
	maxVNL = 4096
)

// Resolve finds the locator that vnl stands for. The empty text stands for
// the user's standard network, $HOME/.vdeplug/default or
// $HOME/.vde2/default.switch. A path to a regular file stands for the locator
// in its first line; the usual ending of such files is .vnl, and a path that
// ends so must be one.
func Resolve(vnl string) (Locator, error) {
	for range maxIndirect {
		loc, err := ParseLocator(vnl)
		if err != nil || strings.Contains(vnl, "://") {
			return loc, err
		}
		path := vnl
		if path == "" {
			path = standardNetwork()
			loc.Rest = QuotePath(path)
		}
		line, isFile, err := firstLine(path)
		if err != nil || !isFile {
			return loc, err
		}
		vnl = line
	}
	return Locator{}, fmt.Errorf("%s: more than %d files that name each other", vnl, maxIndirect)
}

// standardNetwork returns the path of the user's standard network, if any.
func standardNetwork() string {
	home := os.Getenv("HOME")
	if home == "" {
		return ""
	}
	for _, name := range []string{".vdeplug/default", ".vde2/default.switch"} {
		path := filepath.Join(home, name)
		if _, err := os.Lstat(path); err == nil {
			return path
		}
	}
	return ""
}

// firstLine returns the first line of the file at path. isFile is false if
// there is something else, or nothing.
func firstLine(path string) (line string, isFile bool, err error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		if strings.HasSuffix(path, ".vnl") && errors.Is(err, fs.ErrNotExist) {
			return "", false, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
		}
		return "", false, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", true, err
	}
	defer f.Close()
	line, err = bufio.NewReader(io.LimitReader(f, maxVNL)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", true, err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", true, fmt.Errorf("%s: no virtual network locator in its first line", path)
	}
	return line, true, nil
}
