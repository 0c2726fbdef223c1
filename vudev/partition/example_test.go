// SPDX-License-Identifier: Apache-2.0

package partition_test

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"vuos.dev/vudev/partition"
)

// A disk of 1 MiB with an MBR, in which the second entry is used.
func Example() {
	disk := make([]byte, 1<<20)
	entry := disk[446+16:]
	entry[4] = 0x83                                  // Linux
	binary.LittleEndian.PutUint32(entry[8:], 64)     // first sector
	binary.LittleEndian.PutUint32(entry[12:], 1<<10) // number of sectors
	copy(disk[510:], []byte{0x55, 0xaa})             // signature
	table, err := partition.Read(bytes.NewReader(disk), int64(len(disk)))
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range table.Partitions {
		fmt.Printf("%d: %d bytes from %d on\n", p.Number, p.Length, p.Start)
	}
	// Output: 2: 524288 bytes from 32768 on
}
