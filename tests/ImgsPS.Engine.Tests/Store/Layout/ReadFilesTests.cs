using System.Text;
using ImgsPS.Stores.Layout;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>What files were read as is kept for the same bytes only, and only so much of it.</summary>
public sealed class ReadFilesTests
{
    private const int Mebi = 1 << 20;

    private readonly ReadFiles<string> _files = new();

    [Fact]
    public void Same_bytes_mean_what_they_meant_and_others_nothing()
    {
        _files.Keep("/a", Hash(1), Mebi, "one");

        Assert.Equal("one", _files.Find("/a", Hash(1)));
        Assert.Null(_files.Find("/a", Hash(2)));
        Assert.Null(_files.Find("/b", Hash(1)));
    }

    [Fact]
    public void File_that_changed_is_kept_as_it_is_now()
    {
        _files.Keep("/a", Hash(1), Mebi, "one");
        _files.Keep("/a", Hash(2), Mebi, "two");

        Assert.Null(_files.Find("/a", Hash(1)));
        Assert.Equal("two", _files.Find("/a", Hash(2)));
    }

    [Fact]
    public void Only_the_last_four_files_are_kept()
    {
        for (var i = 0; i < 5; i++)
        {
            _files.Keep($"/{i}", Hash(i), Mebi, $"{i}");
        }

        Assert.Null(_files.Find("/0", Hash(0)));
        Assert.Equal("1", _files.Find("/1", Hash(1)));
    }

    [Fact]
    public void Files_are_kept_up_to_64_MiB_in_all()
    {
        _files.Keep("/a", Hash(1), 40 * Mebi, "one");
        _files.Keep("/b", Hash(2), 24 * Mebi, "two");
        Assert.Equal("one", _files.Find("/a", Hash(1)));

        _files.Keep("/c", Hash(3), 1, "three");
        Assert.Null(_files.Find("/a", Hash(1)));
        Assert.Equal("two", _files.Find("/b", Hash(2)));

        _files.Keep("/d", Hash(4), (64 * Mebi) + 1, "four");
        Assert.Null(_files.Find("/d", Hash(4)));
        Assert.Null(_files.Find("/b", Hash(2)));
    }

    private static Digest Hash(int seed) => Digest.Of(Encoding.ASCII.GetBytes($"{seed}"));
}
