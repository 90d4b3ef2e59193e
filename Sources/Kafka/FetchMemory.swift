internal import CLibrdkafka

/// What the C library's allocator does with the large buffers that librdkafka fetches into.
package enum FetchMemory {
    /// Makes the allocator keep what is freed, for the next fetched batch needs as much again.
    ///
    /// Giving megabytes back to the system and faulting them in anew costs a fifth of all the work of a busy
    /// consumer. For the whole process, so a program calls it once, at its start.
    package static func keep() {
        mallopt(M_MMAP_THRESHOLD, 1 << 30)
        mallopt(M_TRIM_THRESHOLD, 1 << 30)
        mallopt(M_TOP_PAD, 32 << 20)
    }

    /// Gives the system back what is kept and not in use.
    ///
    /// For after a restore: the work that follows needs other buffers than it did, and in each thread's part of the heap
    /// the former ones would stay.
    package static func giveBack() { malloc_trim(0) }

    /// Bytes that the allocator has given out, whoever asked for them.
    package static var bytesInUse: Int {
        let heap = mallinfo2()
        return heap.uordblks + heap.hblkhd
    }
}
