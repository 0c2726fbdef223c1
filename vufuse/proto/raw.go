// SPDX-License-Identifier: Apache-2.0

package proto

// Raw implements [Message].
func (p *InHeader) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *ForgetIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *ForgetOne) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *BatchForgetIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *GetattrIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *StatxIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *MknodIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *MkdirIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *RenameIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *Rename2In) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *LinkIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *SetattrIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *OpenIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *CreateIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *ReleaseIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *FlushIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *ReadIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *WriteIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *FsyncIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *SetxattrIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *GetxattrIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *LkIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *AccessIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *InitIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *InterruptIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *IoctlIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *PollIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *FallocateIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *LseekIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *CopyFileRangeIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *SyncfsIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *NotifyRetrieveIn) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *OutHeader) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *EntryOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *AttrOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *OpenOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *CreateOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *WriteOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *StatfsOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *LkOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *InitOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *IoctlOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *PollOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *LseekOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *StatxOut) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *DirentHeader) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *notifyPoll) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *notifyInvalInode) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *notifyInvalEntry) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *notifyDelete) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *notifyStore) Raw() []byte { return raw(p) }

// Raw implements [Message].
func (p *notifyRetrieve) Raw() []byte { return raw(p) }
