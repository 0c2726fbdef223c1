// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// fixtures are what several groups work on. Each is made when it is first asked for.
type fixtures struct {
	tree string
	big  string
}

const (
	treeDirs  = 100
	treeFiles = 50 // in each directory
	bigSize   = 256 << 20
)

// smallFiles is a tree of 5,000 files of up to 4 KiB in 100 directories.
func (b *bench) smallFiles() (string, error) {
	if b.fix.tree != "" {
		return b.fix.tree, nil
	}
	tree := filepath.Join(b.dir, "tree")
	sizes := rand.New(rand.NewPCG(1, 2))
	for d := range treeDirs {
		dir := filepath.Join(tree, fmt.Sprintf("d%d", d/10), fmt.Sprintf("dir%03d", d))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		for f := range treeFiles {
			text := strings.Repeat(fmt.Sprintf("file %d of directory %d\n", f, d), sizes.IntN(180))
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%03d.c", f)), []byte(text), 0o644); err != nil {
				return "", err
			}
		}
	}
	b.fix.tree = tree
	return tree, nil
}

// bigFile is a directory with one file of 256 MiB, in which no two blocks are alike.
func (b *bench) bigFile() (string, error) {
	if b.fix.big != "" {
		return b.fix.big, nil
	}
	dir := filepath.Join(b.dir, "bigdir")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	f, err := os.Create(filepath.Join(dir, "big"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	content := rand.NewChaCha8([32]byte{1})
	buf := make([]byte, 1<<20)
	for range bigSize / len(buf) {
		if _, err := content.Read(buf); err != nil {
			return "", err
		}
		if _, err := f.Write(buf); err != nil {
			return "", err
		}
	}
	b.fix.big = dir
	return dir, f.Close()
}
