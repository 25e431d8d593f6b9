#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>
#include <string_view>
#include <utility>

namespace roomcast::net {

/// Bytes that many connections of one thread send: encoded once, counted by plain (non-atomic) references.
///
/// A value like a pointer. All copies of one frame stay on the thread that made it; a frame for another
/// thread is made anew there. Never changes after it is made.
class SharedFrame {
public:
    SharedFrame() = default;
    /// Makes one frame of the pieces, one after the other.
    [[nodiscard]] static SharedFrame of(std::initializer_list<std::string_view> pieces) {
        std::size_t size = 0;
        for (const auto piece : pieces) size += piece.size();
        void* memory = ::operator new(sizeof(Block) + size);
        auto* block = new (memory) Block{1, static_cast<std::uint32_t>(size)};
        char* at = block->bytes();
        for (const auto piece : pieces) {
            if (!piece.empty()) std::memcpy(at, piece.data(), piece.size());
            at += piece.size();
        }
        return SharedFrame(block);
    }

    SharedFrame(const SharedFrame& other) noexcept : block_(other.block_) {
        if (block_ != nullptr) ++block_->references;
    }
    SharedFrame(SharedFrame&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    SharedFrame& operator=(SharedFrame other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~SharedFrame() {
        if (block_ != nullptr && --block_->references == 0) {
            block_->~Block();
            ::operator delete(block_);
        }
    }

    [[nodiscard]] std::string_view bytes() const {
        return block_ == nullptr ? std::string_view{} : std::string_view(block_->bytes(), block_->size);
    }
    [[nodiscard]] std::size_t size() const { return block_ == nullptr ? 0 : block_->size; }
    explicit operator bool() const { return block_ != nullptr; }

private:
    struct Block {
        std::uint32_t references;
        std::uint32_t size;
        char* bytes() { return reinterpret_cast<char*>(this + 1); }
    };
    explicit SharedFrame(Block* block) : block_(block) {}
    Block* block_ = nullptr;
};

}  // namespace roomcast::net
