using System;
using System.Collections.Generic;
using System.Globalization;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>DU7: a row of an inventory is the same text in every culture.</summary>
public sealed class ImageInventoryTests
{
    [Fact]
    public void Times_and_collections_are_the_same_texts_in_every_culture_DU7()
    {
        var before = CultureInfo.CurrentCulture;

        // As a German one; the machine may have no cultures.
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.DateTimeFormat.ShortDatePattern = "dd.MM.yyyy";
        culture.DateTimeFormat.DateSeparator = culture.DateTimeFormat.TimeSeparator = ".";
        CultureInfo.CurrentCulture = culture;
        try
        {
            var image = new Image
            {
                Created = new DateTimeOffset(2024, 5, 1, 12, 0, 7, TimeSpan.FromHours(9)),
                PulledAt = new DateTimeOffset(2024, 5, 2, 0, 0, 0, TimeSpan.Zero),
                Platform = Platform.Parse("linux/arm64/v8"),
                Labels = new Dictionary<string, string> { ["env"] = "prod", ["team"] = "ops" },
                UsedBy = ["web", "db"],
            };
            var row = new ImageInventory(image);
            Assert.StartsWith("01.05.2024", image.Created.ToString()!, StringComparison.Ordinal);
            Assert.Equal(("2024-05-01T03:00:07Z", "2024-05-02T00:00:00Z"), (row.Created, row.PulledAt));
            Assert.Equal(("linux/arm64/v8", "env=prod;team=ops", "web;db"), (row.Platform, row.Labels, row.UsedBy));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void What_nobody_knows_is_empty_DU7()
    {
        var row = new ImageInventory(new Image());
        Assert.Null(row.Created ?? row.PulledAt ?? row.Platform);
        Assert.Equal(("", ""), (row.Labels, row.UsedBy));
    }
}
