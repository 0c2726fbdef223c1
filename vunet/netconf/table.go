// SPDX-License-Identifier: Apache-2.0

package netconf

import "golang.org/x/sys/unix"

// tableKey names a routing table. A table is there from the first route that is to be in it on.
type tableKey struct {
	family uint8
	table  uint32
}

// defaultTables are those that every network namespace starts with.
func defaultTables() map[tableKey]bool {
	return map[tableKey]bool{
		{unix.AF_INET, unix.RT_TABLE_LOCAL}:  true,
		{unix.AF_INET, unix.RT_TABLE_MAIN}:   true,
		{unix.AF_INET6, unix.RT_TABLE_LOCAL}: true,
		{unix.AF_INET6, unix.RT_TABLE_MAIN}:  true,
	}
}

// HasTable tells whether there is a routing table.
func (c *Config) HasTable(family uint8, table uint32) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tables[tableKey{family, table}]
}
