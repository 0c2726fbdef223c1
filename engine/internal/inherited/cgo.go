// SPDX-License-Identifier: Apache-2.0

//go:build cgo

package inherited

import "vuos.dev/engine/internal/inherited/constructor"

func init() {
	ignored, blocked, closed, noFile.Cur, noFile.Max = constructor.Found()
	known = 1
}
