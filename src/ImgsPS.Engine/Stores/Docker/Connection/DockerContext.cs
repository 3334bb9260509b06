namespace ImgsPS.Stores.Docker;

/// <summary>A Docker context.</summary>
/// <param name="Name">Its name, as <c>docker:name</c> takes it.</param>
/// <param name="Address">Docker's address.</param>
/// <param name="Description">The user's own words, or null.</param>
/// <param name="IsCurrent">True for the one that <c>docker</c> alone means.</param>
internal sealed record DockerContext(string Name, string Address, string? Description, bool IsCurrent);
