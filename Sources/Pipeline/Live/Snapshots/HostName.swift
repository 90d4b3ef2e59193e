import Glibc

/// The name of the machine: in a StatefulSet the pod's, which it keeps.
enum HostName {
    static var current: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
            guard let start = name.baseAddress, gethostname(start, name.count - 1) == 0 else {
                return "worker"
            }
            name[name.count - 1] = 0
            return String(cString: start)
        }
    }
}
