// SPDX-License-Identifier: Apache-2.0

// Package scripttest runs the scripts of testdata/script, which show what the programs do from the
// command line. It has only tests.
package scripttest
