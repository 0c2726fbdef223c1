// SPDX-License-Identifier: Apache-2.0

// Package stream carries frames over a byte stream, as vde_plug, dpipe and
// their relatives do: each frame is preceded by its length, two bytes, most
// significant first. An empty frame is allowed and means nothing.
package stream
