# Configuration that is no file (SF5): what Docker's folder and PATH have in the place of a file gives a clear error, nothing hangs, and
# nothing is written there. Links are followed: a configuration is the user's own.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/HostileFiles.psm1" -Force
    $reason = Get-NotHostileReason
    $kinds = 'a link', 'a pipe', 'the device zero', 'a folder', 'too large', 'a link to nothing'
    $cases = foreach ($file in 'config.json', 'meta.json', 'ca.pem', 'cert.pem', 'key.pem', 'docker-credential-hostile') {
        foreach ($kind in $kinds) {
            # A program may be large; and what is not there is docker's to leave out.
            if ($kind -eq 'too large' -and $file -like 'docker-*') { continue }
            if ($kind -eq 'a link to nothing' -and $file -in 'config.json', 'ca.pem', 'cert.pem', 'key.pem') { continue }
            @{ File = $file; Kind = $kind }
        }
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1", "$PSScriptRoot/HostileFiles.psm1" -Force
    $reason = Get-NotHostileReason
    if ($reason) { return }
    Import-HostileType
    $registry = Start-TestRegistry
    $null = Add-TestImage $registry 'team/app:1'
    $null = Invoke-TestRegistry $registry options @{ auth = 'basic'; users = @{ bob = 'Pass-of-bob' } }
    $folder = New-HostileFolder
    $kept = @{ Config = $env:DOCKER_CONFIG; Path = $env:PATH; Store = $env:IMGSPS_STORE }
    $env:IMGSPS_STORE = "$folder/store"
    $id = [System.Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData([byte[]][char[]]'hostile')).ToLowerInvariant()
    $runspace = New-HostileRunspace (Get-TestModulePath)

    # Docker's folder with all that can be in it, as it should be.
    function New-Configuration {
        $config = "$folder/config-$([guid]::NewGuid().ToString('N'))"
        $context = "$config/contexts/meta/$id/meta.json"
        $tls = "$config/contexts/tls/$id/docker"
        foreach ($name in "$config/contexts/meta/$id", $tls, "$config/bin") { $null = New-Item -ItemType Directory -Path $name }
        $rsa = [System.Security.Cryptography.RSA]::Create(2048)
        $request = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=hostile', $rsa,
            [System.Security.Cryptography.HashAlgorithmName]::SHA256, [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $certificate = $request.CreateSelfSigned([datetimeoffset]::UtcNow.AddDays(-1), [datetimeoffset]::UtcNow.AddDays(1))
        foreach ($name in 'ca', 'cert') { [System.IO.File]::WriteAllText("$tls/$name.pem", $certificate.ExportCertificatePem()) }
        [System.IO.File]::WriteAllText("$tls/key.pem", $rsa.ExportPkcs8PrivateKeyPem())
        $endpoint = @{ Host = "tcp://$($registry.Host)"; SkipTLSVerify = $false }
        [System.IO.File]::WriteAllText($context,
            (ConvertTo-Json -Depth 3 @{ Name = 'hostile'; Metadata = @{}; Endpoints = @{ docker = $endpoint } }))
        [System.IO.File]::WriteAllText("$config/bin/docker-credential-hostile",
            "#!/bin/sh`ncat >/dev/null`nprintf '{`"Username`":`"bob`",`"Secret`":`"Pass-of-bob`"}'`n")
        [HostileFiles.Linux]::SetMode("$config/bin/docker-credential-hostile", 0x1ED)
        [System.IO.File]::WriteAllText("$config/config.json", "{`"credHelpers`":{`"$($registry.Host)`":`"hostile`"}}")
        $env:DOCKER_CONFIG = $config
        $env:PATH = "$config/bin:$($kept.Path)"
        $config
    }

    function Get-ConfigurationPath([string] $File, [string] $Config) {
        switch -Wildcard ($File) {
            'meta.json' { "$Config/contexts/meta/$id/meta.json" }
            '*.pem' { "$Config/contexts/tls/$id/docker/$File" }
            'docker-*' { "$Config/bin/$File" }
            default { "$Config/$File" }
        }
    }

    function Set-Kind([string] $Path, [string] $Kind) {
        $moved = "$Path-moved"
        if ($Kind -eq 'a link') { [System.IO.File]::Move($Path, $moved) } else { [System.IO.File]::Delete($Path) }
        switch ($Kind) {
            'a link' { [HostileFiles.Linux]::Link([System.IO.Path]::GetFileName($moved), $Path) }
            'a link to nothing' { [HostileFiles.Linux]::Link('nothing', $Path) }
            'a pipe' { [HostileFiles.Linux]::Pipe($Path) }
            'the device zero' { [HostileFiles.Linux]::Device($Path, 1, 5) }
            'a folder' { $null = New-Item -ItemType Directory -Path $Path }
            'too large' {
                # A file with a hole: it takes no space.
                $file = [System.IO.File]::Create($Path)
                $file.SetLength(3GB)
                $file.Dispose()
            }
        }

        if ($Path -like '*/bin/*' -and $Kind -in 'a pipe', 'the device zero') { [HostileFiles.Linux]::SetMode($Path, 0x1FF) }
    }

    # What reads a file, and the path of the configuration.
    function Invoke-Configured([string] $File, [string] $Path, [double] $Seconds = 20) {
        $script = if ($File -in 'config.json', 'docker-credential-hostile') { "param(`$H) Invoke-ImagePull `"`$H/team/app:1`"" }
        else { 'Get-Image -Store docker:hostile' }
        Invoke-Hostile $runspace $script @{ H = $registry.Host } $Seconds $Path
    }
}

AfterAll {
    if ($reason) { return }
    $env:DOCKER_CONFIG = $kept.Config
    $env:PATH = $kept.Path
    $env:IMGSPS_STORE = $kept.Store
    $runspace.Dispose()
    Stop-TestRegistry $registry
    [HostileFiles.Tree]::Delete($folder)
}

Describe 'Docker''s configuration' -Skip:([bool]$reason) {
    It 'with <File> that is <Kind>: a link works, else the error names it; nothing hangs, nothing is written (SF5)' -ForEach $cases {
        $config = New-Configuration
        $path = Get-ConfigurationPath $File $config
        $whole = Invoke-Configured $File $path
        Set-Kind $path $Kind
        $before = [HostileFiles.Tree]::Look($config, $false)
        $answer = Invoke-Configured $File $path
        $completion = Invoke-Hostile $runspace "(TabExpansion2 'Get-Image -Store docker:').CompletionMatches.CompletionText" @{} 20 $path
        if ($answer.Lost -or $completion.Lost) { $script:runspace = New-HostileRunspace (Get-TestModulePath) }
        $answer.Hangs | Should -BeFalse
        $completion.Hangs | Should -BeFalse
        [HostileFiles.Tree]::Compare($before, [HostileFiles.Tree]::Look($config, $false)) | Should -BeNullOrEmpty
        $told = $answer.Said, $answer.Warnings -join "`n"
        if ($Kind -eq 'a link') {
            "$($answer.Errors)" | Should -Be "$($whole.Errors)"
            $answer.Warnings | Should -Be $whole.Warnings
            $answer.Output.Count | Should -Be $whole.Output.Count
        } elseif ($File -like 'docker-*') {
            $told | Should -Match 'docker-credential-hostile'
        } elseif ($Kind -eq 'a link to nothing') {
            $told | Should -Match 'hostile'
        } else {
            $told | Should -Match ([regex]::Escape($path))
        }

        $answer.Errors | Where-Object FullyQualifiedErrorId -Like 'UnexpectedError*' | Should -BeNullOrEmpty
    }

    It 'as it should be gives the password' {
        $null = New-Configuration
        $answer = Invoke-Configured 'config.json' ''
        $answer.Said | Should -Be ''
        $answer.Output | Should -HaveCount 1
    }

    It 'with a <File> that the user may not read: the error names it (SF5)' -ForEach @(
        @{ File = 'config.json' }, @{ File = 'meta.json' }, @{ File = 'ca.pem' }, @{ File = 'key.pem' }
    ) {
        $config = New-Configuration
        $path = Get-ConfigurationPath $File $config
        [HostileFiles.Tree]::Give($config, 65534, 0x1ED, 0x1A4)
        [HostileFiles.Linux]::SetMode("$config/bin/docker-credential-hostile", 0x1ED)
        [HostileFiles.Linux]::SetMode($path, 0)
        $place = "$folder/module"
        if (-not (Test-Path -LiteralPath $place)) {
            Copy-Item -LiteralPath ([System.IO.Path]::GetDirectoryName((Get-TestModulePath))) -Destination $place -Recurse
            [HostileFiles.Tree]::Give($place, 0, 0x1ED, 0x1A4)
            $null = New-Item -ItemType Directory -Path "$folder/home"
            [HostileFiles.Linux]::Own("$folder/home", 65534)
            [HostileFiles.Linux]::SetMode($folder, 0x1ED)
        }

        $command = if ($File -ne 'config.json') { 'Get-Image -Store docker:hostile' }
        else { "Invoke-ImagePull $($registry.Host)/team/app:1 -Store '$folder/home/store'" }
        $said = Invoke-TestShell "Import-Module '$place/ImgsPS.psd1'; try { $command -ErrorAction Stop 3>&1 } catch { `"`$_`" }" `
            -Prefix (@(Get-OtherUser) + '/usr/bin/env', "HOME=$folder/home") -Shell @(Get-OtherUserShell (Get-TestShell) $folder)
        "$said" | Should -Match ([regex]::Escape($path))
    }
}
