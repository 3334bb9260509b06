using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace ImgsPS.Engine.Tests.Framework;

/// <summary>
/// Every type and member that an assembly of bin/net472 names is there: in another of them, in .NET Framework 4.7.2 or in Windows
/// PowerShell 5.1. A package for a newer framework, or a file left out of bin/net472, fails here and not on a user's machine.
/// </summary>
public sealed class ShippedMembersTests : IDisposable
{
    private readonly Dictionary<string, Library> _libraries = new(StringComparer.OrdinalIgnoreCase);
    private readonly string[] _folders;
    private readonly string[] _shipped = Directory.GetFiles(Folder("ShippedFolder"), "*.dll");

    public ShippedMembersTests()
    {
        var framework = Folder("ReferenceAssemblies");
        _folders = [Folder("ShippedFolder"), framework, Path.Combine(framework, "Facades"), Folder("PowerShellStandard")];
    }

    [Fact]
    public void Every_member_that_a_shipped_assembly_names_is_there()
    {
        Assert.Contains(_shipped, file => Path.GetFileName(file) == "ImgsPS.dll");
        Assert.Contains(_shipped, file => Path.GetFileName(file) == "System.Text.Json.dll");
        var missing = _shipped.SelectMany(file => Missing(Find(Path.GetFileNameWithoutExtension(file))!)).ToArray();
        Assert.True(missing.Length == 0, string.Join("\n", missing));
    }

    [Fact]
    public void A_member_that_is_not_there_is_found_out()
    {
        // This assembly lives on what is not shipped.
        var own = new Library(typeof(ShippedMembersTests).Assembly.Location);
        Assert.Contains(Missing(own), text => text.Contains("Xunit.Assert"));
    }

    public void Dispose()
    {
        foreach (var library in _libraries.Values)
        {
            library.Dispose();
        }
    }

    private static string Folder(string key) =>
        typeof(ShippedMembersTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == key).Value!;

    private IEnumerable<string> Missing(Library library)
    {
        var reader = library.Reader;
        foreach (var handle in reader.TypeReferences)
        {
            if (Resolve(library, handle) is null)
            {
                yield return $"{library.Name} names {library.NameOf(handle)}";
            }
        }

        foreach (var handle in reader.MemberReferences)
        {
            var member = reader.GetMemberReference(handle);
            if (TypeOf(library, member.Parent) is { } parent && !Has(parent, reader.GetString(member.Name), Signature(library, member)))
            {
                yield return $"{library.Name} names {parent.Name}.{reader.GetString(member.Name)} {Signature(library, member)}";
            }
        }
    }

    private static string Signature(Library library, MemberReference member) => member.GetKind() == MemberReferenceKind.Field
        ? member.DecodeFieldSignature(library, null)
        : Text(member.DecodeMethodSignature(library, null));

    private static string Text(MethodSignature<string> signature) =>
        $"{signature.ReturnType}`{signature.GenericParameterCount}({string.Join(",", signature.ParameterTypes)})";

    // The class whose member is named; null for arrays, whose members no assembly defines, and for what is missing itself.
    private Definition? TypeOf(Library library, EntityHandle parent)
    {
        switch (parent.Kind)
        {
            case HandleKind.TypeReference:
                return Resolve(library, (TypeReferenceHandle)parent);
            case HandleKind.TypeDefinition:
                return new(library, (TypeDefinitionHandle)parent);
            case HandleKind.TypeSpecification:
                var blob = library.Reader.GetBlobReader(library.Reader.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
                return blob.ReadSignatureTypeCode() == SignatureTypeCode.GenericTypeInstance && blob.ReadByte() is 0x11 or 0x12
                    ? TypeOf(library, blob.ReadTypeHandle())
                    : null;
            default:
                return null;
        }
    }

    private bool Has(Definition? type, string name, string signature)
    {
        for (; type is not null; type = TypeOf(type.Library, type.Type.BaseType))
        {
            var library = type.Library;
            if (type.Type.GetFields().Select(library.Reader.GetFieldDefinition).Any(field =>
                    library.Reader.GetString(field.Name) == name && field.DecodeSignature(library, null) == signature)
                || type.Type.GetMethods().Select(library.Reader.GetMethodDefinition).Any(method =>
                    library.Reader.GetString(method.Name) == name && Text(method.DecodeSignature(library, null)) == signature))
            {
                return true;
            }

            if (type.Type.BaseType.IsNil)
            {
                return false;
            }
        }

        return false;
    }

    private Definition? Resolve(Library library, TypeReferenceHandle handle)
    {
        var reference = library.Reader.GetTypeReference(handle);
        if (reference.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            var name = library.Reader.GetString(reference.Name);
            return Resolve(library, (TypeReferenceHandle)reference.ResolutionScope) is { } outer
                ? outer.Type.GetNestedTypes().Where(nested =>
                    outer.Library.Reader.GetString(outer.Library.Reader.GetTypeDefinition(nested).Name) == name)
                    .Select(nested => new Definition(outer.Library, nested)).FirstOrDefault()
                : null;
        }

        return reference.ResolutionScope.Kind == HandleKind.AssemblyReference
            ? Resolve(library, (AssemblyReferenceHandle)reference.ResolutionScope, library.NameOf(handle))
            : new Definition(library, library.Types[library.NameOf(handle)]);
    }

    private Definition? Resolve(Library library, AssemblyReferenceHandle assembly, string type)
    {
        var target = Find(library.Reader.GetString(library.Reader.GetAssemblyReference(assembly).Name));
        return target is null ? null
            : target.Types.TryGetValue(type, out var found) ? new Definition(target, found)
            : target.Forwards.TryGetValue(type, out var other) ? Resolve(target, other, type)
            : null;
    }

    private Library? Find(string name)
    {
        if (!_libraries.TryGetValue(name, out var library)
            && _folders.Select(folder => Path.Combine(folder, name + ".dll")).FirstOrDefault(File.Exists) is { } file)
        {
            _libraries[name] = library = new Library(file);
        }

        return library;
    }

    private sealed record Definition(Library Library, TypeDefinitionHandle Handle)
    {
        public TypeDefinition Type => Library.Reader.GetTypeDefinition(Handle);

        public string Name => Library.NameOf(Handle);
    }

    /// <summary>An assembly's metadata; types are told by their full names, wherever they are defined.</summary>
    private sealed class Library : ISignatureTypeProvider<string, object?>, IDisposable
    {
        private readonly PEReader _file;

        public Library(string path)
        {
            _file = new PEReader(new MemoryStream(File.ReadAllBytes(path)));
            Reader = _file.GetMetadataReader();
            Name = Path.GetFileName(path);
            Types = Reader.TypeDefinitions.Where(h => Reader.GetTypeDefinition(h).GetDeclaringType().IsNil).ToDictionary(h => NameOf(h));
            Forwards = Reader.ExportedTypes.Select(Reader.GetExportedType)
                .Where(t => t.Implementation.Kind == HandleKind.AssemblyReference)
                .ToDictionary(
                    t => Full(Reader.GetString(t.Namespace), Reader.GetString(t.Name)), t => (AssemblyReferenceHandle)t.Implementation);
        }

        public MetadataReader Reader { get; }

        public string Name { get; }

        public Dictionary<string, TypeDefinitionHandle> Types { get; }

        public Dictionary<string, AssemblyReferenceHandle> Forwards { get; }

        public void Dispose() => _file.Dispose();

        public string NameOf(TypeDefinitionHandle handle)
        {
            var type = Reader.GetTypeDefinition(handle);
            var name = Full(Reader.GetString(type.Namespace), Reader.GetString(type.Name));
            return type.GetDeclaringType().IsNil ? name : NameOf(type.GetDeclaringType()) + "+" + name;
        }

        public string NameOf(TypeReferenceHandle handle)
        {
            var type = Reader.GetTypeReference(handle);
            var name = Full(Reader.GetString(type.Namespace), Reader.GetString(type.Name));
            return type.ResolutionScope.Kind == HandleKind.TypeReference
                ? NameOf((TypeReferenceHandle)type.ResolutionScope) + "+" + name : name;
        }

        public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{shape.Rank}]";

        public string GetByReferenceType(string elementType) => elementType + "&";

        public string GetFunctionPointerType(MethodSignature<string> signature) => "*" + Text(signature);

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
            $"{genericType}<{string.Join(",", typeArguments)}>";

        public string GetGenericMethodParameter(object? genericContext, int index) => "!!" + index;

        public string GetGenericTypeParameter(object? genericContext, int index) => "!" + index;

        // Modifiers tell compilers more; the runtime binds by them, but each framework's reference assembly has its own set.
        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

        public string GetPinnedType(string elementType) => elementType;

        public string GetPointerType(string elementType) => elementType + "*";

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => "System." + typeCode;

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => NameOf(handle);

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => NameOf(handle);

        public string GetTypeFromSpecification(
            MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        private static string Full(string space, string name) => space.Length == 0 ? name : space + "." + name;
    }
}
