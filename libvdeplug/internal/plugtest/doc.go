// SPDX-License-Identifier: Apache-2.0

// Package plugtest is what tests of plugins have in common: frames, peers,
// network namespaces, and a check that nothing is left behind.
package plugtest
