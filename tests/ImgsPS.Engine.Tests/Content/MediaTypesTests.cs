using ImgsPS.Content;
using Xunit;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>Media types beyond the vectors: T1-T3.</summary>
public class MediaTypesTests
{
    [Theory]
    [InlineData("application/vnd.oci.image.config.v1+json", "Config")]
    [InlineData("application/vnd.docker.container.image.v1+json", "Config")]
    [InlineData("application/vnd.oci.empty.v1+json", "Other")]
    [InlineData("application/vnd.in-toto+json", "Other")]
    [InlineData("application/vnd.dev.cosign.simplesigning.v1+json", "Other")]
    [InlineData("application/vnd.docker.plugin.v1+json", "Other")]
    [InlineData("application/vnd.docker.image.rootfs.diff.tar.gzip", "Layer")]
    [InlineData("application/vnd.docker.image.rootfs.diff.tar.zstd", "Layer")]
    [InlineData("application/vnd.docker.image.rootfs.diff.tar+gzip", "Other")]
    [InlineData("application/vnd.oci.image.layer.v1.tar+gzip", "Layer")]
    [InlineData("application/vnd.oci.image.layer.v1.tar.gzip", "Other")]
    [InlineData("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "Other")]
    [InlineData("application/vnd.oci.image.layer.v2.tar", "Other")]
    [InlineData("", "Other")]
    public void Types_of_configs_and_layers_T2_T3(string mediaType, string kind) =>
        Assert.Equal(kind, MediaTypes.Classify(mediaType).Kind.ToString());

    [Theory]
    [InlineData(" Application/JSON ; charset=utf-8", "application/json")]
    [InlineData("application/json", "application/json")]
    [InlineData(";", "")]
    [InlineData("", "")]
    public void Header_values_lose_case_and_parameters(string contentType, string expected) =>
        Assert.Equal(expected, MediaTypes.WithoutParameters(contentType));

    [Theory]
    [InlineData("application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip")]
    [InlineData("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")]
    public void Docker_types_have_OCI_ones_that_mean_the_same(string docker, string oci)
    {
        var (before, after) = (MediaTypes.Classify(docker), MediaTypes.Classify(oci));
        Assert.Equal((before.Kind, before.Compression, before.Distributable), (after.Kind, after.Compression, after.Distributable));
    }
}
