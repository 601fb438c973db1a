// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// No signal arrives at this thread between the making of a file and its registration for removal.
//
// A signal to the process may still run its handler on another thread, which then does not know the
// file: one made within those microseconds stays behind. lpc makes its files on the main thread,
// and its workers exist only while a model runs or weights are rounded, when none is made.
#ifndef LPC_LIB_SUPPORT_BLOCKEDSIGNALS_H
#define LPC_LIB_SUPPORT_BLOCKEDSIGNALS_H

#include <csignal>

namespace lpc {

/// Signals to this thread wait until the object goes.
class BlockedSignals {
public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
  }
  BlockedSignals(const BlockedSignals &) = delete;
  BlockedSignals &operator=(const BlockedSignals &) = delete;
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }

private:
  sigset_t before;
};

} // namespace lpc

#endif // LPC_LIB_SUPPORT_BLOCKEDSIGNALS_H
