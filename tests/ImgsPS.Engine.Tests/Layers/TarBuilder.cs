using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace ImgsPS.Engine.Tests.Layers;

/// <summary>
/// Writes tars from the text of POSIX.1-2001 (pax) and of GNU tar's manual, "Basic Tar Format": right ones, and wrong ones in each field.
/// </summary>
#pragma warning disable CA1001 // Behind its stream is nothing that has to be given back.
internal sealed class TarBuilder
#pragma warning restore CA1001
{
    public const string Ustar = "ustar\0" + "00";
    public const string Gnu = "ustar  \0";
    public const string V7 = "";

    private readonly List<byte> _bytes = new();

    /// <summary>Where each header began.</summary>
    public List<int> Headers { get; } = new();

    public TarBuilder File(string name, byte[] content) => Add(name, '0', content);

    public TarBuilder File(string name, string content) => File(name, Encoding.UTF8.GetBytes(content));

    public TarBuilder Folder(string name) => Add(name, '5', []);

    public TarBuilder Link(string name, string target, char type = '2') => Add(name, type, [], link: target);

    /// <summary>A member.</summary>
    /// <param name="name">The field of the name; a longer one is split for ustar.</param>
    /// <param name="type">The field of the type.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="magic">Which format.</param>
    /// <param name="link">The field of the link.</param>
    /// <param name="size">The field of the size; null for what it is, in octal.</param>
    /// <param name="change">Changes the header before its sum is taken.</param>
    /// <param name="sum">Makes the sum wrong by so much.</param>
    public TarBuilder Add(
        string name, char type, byte[] content, string magic = Ustar, string link = "", byte[]? size = null, Action<byte[]>? change = null,
        int sum = 0)
    {
        var head = new byte[512];
        var bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length > 100)
        {
            var slash = Enumerable.Range(0, bytes.Length).Last(i => bytes[i] == '/' && i <= 155);
            Array.Copy(bytes, 0, head, 345, slash);
            bytes = bytes.Skip(slash + 1).ToArray();
        }

        bytes.CopyTo(head, 0);
        Put(head, 100, "0000644\0");
        Put(head, 108, "0000000\0");
        Put(head, 116, "0000000\0");
        (size ?? Encoding.ASCII.GetBytes(Convert.ToString(content.Length, 8).PadLeft(11, '0') + "\0")).CopyTo(head, 124);
        Put(head, 136, "00000000000\0");
        head[156] = (byte)type;
        Encoding.UTF8.GetBytes(link).CopyTo(head, 157);
        Put(head, 257, magic);
        change?.Invoke(head);
        Put(head, 148, "        ");
        Put(head, 148, Convert.ToString(head.Sum(b => b) + sum, 8).PadLeft(6, '0') + "\0 ");
        Headers.Add(_bytes.Count);
        return Raw(head).Raw(content).Raw(new byte[(512 - (content.Length % 512)) % 512]);
    }

    /// <summary>An extended header.</summary>
    public TarBuilder Pax(params (string Key, string Value)[] records) => Pax('x', records);

    public TarBuilder Pax(char type, params (string Key, string Value)[] records) =>
        Add("PaxHeaders/x", type, records.SelectMany(r => Record(r.Key, r.Value)).ToArray());

    /// <summary>A record of one, whose length counts its own digits.</summary>
    public static byte[] Record(string key, string value)
    {
        var rest = Encoding.UTF8.GetBytes($" {key}={value}\n");
        var length = rest.Length;
        while (length != rest.Length + length.ToString().Length)
        {
            length++;
        }

        return Encoding.ASCII.GetBytes(length.ToString()).Concat(rest).ToArray();
    }

    /// <summary>A long name as GNU writes it.</summary>
    public TarBuilder Long(char type, string name) =>
        Add("././@LongLink", type, Encoding.UTF8.GetBytes(name + "\0"), magic: Gnu);

    /// <summary>A size in base 256.</summary>
    public static byte[] Base256(long size)
    {
        var field = new byte[12];
        for (var i = 11; i > 3; i--)
        {
            field[i] = (byte)size;
            size >>= 8;
        }

        field[0] = 0x80;
        return field;
    }

    public TarBuilder Raw(byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    /// <summary>All of it without its end.</summary>
    public byte[] Open() => _bytes.ToArray();

    /// <summary>All of it, with its end.</summary>
    public byte[] End() => _bytes.ToArray().Concat(new byte[1024]).ToArray();

    private static void Put(byte[] head, int at, string text) => Encoding.ASCII.GetBytes(text).CopyTo(head, at);
}
