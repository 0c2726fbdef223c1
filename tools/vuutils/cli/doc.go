// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line of the utilities: options as getopt_long(3)
// reads them, and the help text that is made from the same declaration.
package cli
