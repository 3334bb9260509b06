# Export-Image: one archive or folder of images, whole or not there (AR1-AR7, AR13, AR18, AR20, CP9), and read by docker, podman, skopeo,
# umoci and tar.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker-registry, dockerd, docker, skopeo, umoci, busybox, tar
    $missingPodman = @($missing; Get-MissingPart podman, crun, unshare) -ne '' -join ', '
    if ($missing) {
        Write-Warning "Exports are not read by real parts; this machine has no $missing."
    }
}

Describe 'Export-Image' {
    BeforeAll {
        Import-Module "$PSScriptRoot/TestSession.psm1" -Force
        Import-TestModule
        $store = New-TestStore
        $work = (New-Item -ItemType Directory (
            Join-Path ([System.IO.Path]::GetTempPath()) "imgsps-export-$([guid]::NewGuid().ToString('N'))")).FullName
        $registry = Start-TestRegistry
        $team = "$($registry.Host)/team"
        $base = @{ seed = 1; size = 2000 }, @{ seed = 2; size = 3000 }
        $null = Add-TestImage $registry 'team/base:1' @{ layers = $base }
        $null = Add-TestImage $registry 'team/app:1' @{ layers = $base + @{ seed = 3; size = 1500 } }
        $null = Add-TestImage $registry 'team/app:2' @{ layers = $base + @{ seed = 4; size = 1600 } }
        $null = Add-TestImage $registry 'team/other:1' @{ layers = @{ seed = 5; size = 700 }, $base[1] }
        $null = Add-TestIndex $registry 'team/multi:1' @(
            @{ layers = @(@{ seed = 11; size = 800 }); os = 'linux'; architecture = 'amd64' }
            @{ layers = @(@{ seed = 12; size = 800 }); os = 'linux'; architecture = 'arm64' }
            @{ layers = @(@{ seed = 13; size = 800 }); os = 'linux'; architecture = 's390x' })
        'base:1', 'app:1', 'app:2', 'other:1' | ForEach-Object { $null = Invoke-ImagePull "$team/$_" }

        # The members of an archive by their names; a document of it; its blobs as hex digests.
        function Get-Member ($Path) { @(tar -tf $Path) -notlike '*/' }
        function Get-Document ($Path, $Name) { tar -xOf $Path $Name | ConvertFrom-Json }
        function Get-Blob ($Path) { (Get-Member $Path) -like 'blobs/*' -replace '.*/' }
        function Get-LayerBlob ($Image) { (Get-ImageLayer $Image).Digest -replace '.*:' }
        function Get-Leftover { Get-ChildItem -LiteralPath $work -Force -Filter '.imgsps-*' }
    }

    AfterAll {
        Stop-TestRegistry $registry
        Remove-TestStore $store
        Remove-Item -LiteralPath $work -Recurse -Force
    }

    It 'writes one tar with the blobs sorted, each once, then the documents (AR1, AR6, AR7)' {
        $path = "$work/all.tar"
        Get-Image | Export-Image -Path $path
        $members = Get-Member $path
        $members[-3..-1] | Should -Be 'index.json', 'manifest.json', 'oci-layout'
        $blobs = $members[0..($members.Count - 4)]
        $blobs | Should -Be ([string[]]($blobs | Sort-Object -Unique -CaseSensitive))
        $null = New-Item -ItemType Directory "$work/unpacked"
        tar -xf $path -C "$work/unpacked"
        foreach ($member in $blobs) {
            (Get-FileHash -LiteralPath "$work/unpacked/$member").Hash.ToLowerInvariant() | Should -Be ($member -replace '.*/')
        }
        (Get-Document $path oci-layout).imageLayoutVersion | Should -Be '1.0.0'
    }

    It 'says names for docker and for OCI (AR2, AR3)' {
        Export-Image "$team/app:1", "$team/base:1" "$work/names.tar"
        $docker = Get-Document "$work/names.tar" manifest.json
        $docker.RepoTags | Should -Be "$team/app:1", "$team/base:1"
        $docker[0].Config | Should -Be "blobs/sha256/$((Get-Image "$team/app:1").Id -replace '.*:')"
        $docker[0].Layers | Should -Be ((Get-LayerBlob "$team/app:1") -replace '^', 'blobs/sha256/')
        $index = (Get-Document "$work/names.tar" index.json).manifests
        $index.digest | Should -Be (Get-Image "$team/app:1").Digest, (Get-Image "$team/base:1").Digest
        $index.annotations.'io.containerd.image.name' | Should -Be "$team/app:1", "$team/base:1"
        $index.annotations.'org.opencontainers.image.ref.name' | Should -Be '1', '1'
    }

    It 'gives the same bytes for the same images, in whatever order they come (AR7)' {
        Export-Image "$team/app", "$team/base:1" "$work/one.tar"
        Get-Image "$team/base", "$team/app" | Sort-Object Tag -Descending | Export-Image -Path "$work/two.tar"
        (Get-FileHash "$work/two.tar").Hash | Should -Be (Get-FileHash "$work/one.tar").Hash
    }

    It 'takes all tags of a repository by its name, and no name by an id (AR18)' {
        Export-Image "$team/app" "$work/tags.tar"
        (Get-Document "$work/tags.tar" manifest.json).RepoTags | Should -Be "$team/app:1", "$team/app:2"
        $id = (Get-Image "$team/app:1").Id
        foreach ($name in $id, $id.Substring(7, 12)) {
            Export-Image $name "$work/id.tar"
            $docker = tar -xOf "$work/id.tar" manifest.json
            $docker | Should -BeLike '*"RepoTags":null*'
            (Get-Document "$work/id.tar" index.json).manifests[0].psobject.Properties.Name | Should -Not -Contain annotations
        }
    }

    It 'puts two tags of one image into one element (AR2)' {
        Add-ImageTag "$team/base:1" other/name:7
        try {
            Export-Image "$team/base:1", other/name:7 "$work/two-tags.tar"
            $docker = @(Get-Document "$work/two-tags.tar" manifest.json)
            $docker.Count | Should -Be 1
            $docker[0].RepoTags | Should -Be "$team/base:1", 'other/name:7'
            (Get-Document "$work/two-tags.tar" index.json).manifests.annotations.'io.containerd.image.name' |
                Should -Be "$team/base:1", 'docker.io/other/name:7'
        }
        finally { Remove-Image other/name:7 }
    }

    It 'takes <Form> as images' -ForEach @(
        @{ Form = 'references'; Images = { "$team/app:1", "$team/base:1" } }
        @{ Form = 'objects'; Images = { Get-Image "$team/app:1", "$team/base:1" } }
        @{ Form = 'rows of a CSV file'; Images = { Get-Image "$team/app:1", "$team/base:1" | ConvertTo-Csv | ConvertFrom-Csv } }
    ) {
        & $Images | Export-Image -Path "$work/forms.tar"
        (Get-Document "$work/forms.tar" manifest.json).RepoTags | Should -Be "$team/app:1", "$team/base:1"
    }

    It 'takes wildcards that are typed, and makes nothing where one takes nothing' {
        Export-Image "*/ap?:*" "$work/wild.tar"
        (Get-Document "$work/wild.tar" manifest.json).RepoTags | Should -Be "$team/app:1", "$team/app:2"
        Export-Image 'nothing*' "$work/wild-none.tar"
        Test-Path "$work/wild-none.tar" | Should -BeFalse
    }

    It 'is all or nothing: an image that is not there is an error, and no file is made' {
        $failures = $null
        Export-Image "$team/app:1", nosuch "$work/none.tar" -ErrorVariable failures -ErrorAction SilentlyContinue `
            -WarningVariable warnings -WarningAction SilentlyContinue
        $failures.FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.ExportImageCommand'
        $warnings | Should -BeLike "Nothing was written to*none.tar*"
        Test-Path "$work/none.tar" | Should -BeFalse
    }

    It 'makes an OCI layout folder that the module lists with the same digests' {
        Get-Image | Export-Image -Path "$work/folder" -Format Folder
        $there = Get-Image -Store "$work/folder"
        $there | Sort-Object Reference | ForEach-Object { "$($_.Reference) $($_.Digest)" } |
            Should -Be (Get-Image | Sort-Object Reference | ForEach-Object { "$($_.Reference) $($_.Digest)" })
        Test-ImageStore -Store "$work/folder" -Full | Where-Object Kind -ne StrayFile | Should -BeNullOrEmpty
        { Export-Image "$team/app:1" "$work/folder" -Format Folder } |
            Should -Throw '*is there already: a folder*' -ErrorId 'ImageConflict*'
    }

    Context 'An image for several platforms (AR4)' {
        BeforeAll {
            $null = Invoke-ImagePull "$team/multi:1" -Platform linux/amd64
            $null = Invoke-ImagePull "$team/multi:1" -Platform linux/arm64
            $host64 = (Get-Image "$team/multi:1" | Where-Object Architecture -eq amd64)
            $arm64 = (Get-Image "$team/multi:1" | Where-Object Architecture -eq arm64)
        }

        AfterAll { Remove-Image "$team/multi:1" }

        It 'keeps the index, takes what is there, and names what is not in one warning' {
            Export-Image "$team/multi:1" "$work/multi.tar" -WarningVariable warnings -WarningAction SilentlyContinue
            @($warnings).Count | Should -Be 1
            $warnings | Should -BeLike "*$team/multi:1 (linux/s390x)*"
            (Get-Document "$work/multi.tar" index.json).manifests.digest | Should -Be $arm64.Digest
            Get-Blob "$work/multi.tar" | Should -Contain ($arm64.ManifestDigest -replace '.*:')
            Get-Blob "$work/multi.tar" | Should -Contain ($host64.ManifestDigest -replace '.*:')
        }

        It 'lets docker load the platform that -Platform names, else the first that this machine runs' {
            Export-Image "$team/multi:1" "$work/multi.tar" -Platform linux/arm64 -WarningAction SilentlyContinue
            (Get-Document "$work/multi.tar" manifest.json).Config | Should -BeLike "*$($arm64.Id -replace '.*:')"
            { Export-Image "$team/multi:1" "$work/no.tar" -Platform linux/s390x -WarningAction SilentlyContinue -ErrorAction Stop } |
                Should -Throw '*linux/s390x*Available: linux/amd64, linux/arm64*'
            Test-Path "$work/no.tar" | Should -BeFalse
        }

        It 'takes of a piped image that platform alone' {
            $arm64 | Export-Image -Path "$work/arm.tar" -WarningAction SilentlyContinue
            (Get-Document "$work/arm.tar" manifest.json).Config | Should -BeLike "*$($arm64.Id -replace '.*:')"
            (Get-Document "$work/arm.tar" index.json).manifests.digest | Should -Be $arm64.Digest
            Get-Blob "$work/arm.tar" | Should -Not -Contain ($host64.ManifestDigest -replace '.*:')
        }
    }

    Context 'A delta (AR13)' {
        It 'leaves out the layers of <Form>, and lists them' -ForEach @(
            @{ Form = 'images'; Except = { Get-Image "$team/base:1" } }
            @{ Form = 'rows of an inventory'; Except = { Get-Image "$team/base:1" | ConvertTo-Csv | ConvertFrom-Csv } }
            @{ Form = 'references'; Except = { "$team/base:1" } }
        ) {
            Export-Image "$team/app:1" "$work/delta.tar" -Except (& $Except)
            $layers = Get-LayerBlob "$team/app:1"
            Get-Blob "$work/delta.tar" | Should -Contain $layers[2]
            Get-Blob "$work/delta.tar" | Where-Object { $_ -in $layers[0, 1] } | Should -BeNullOrEmpty
            $list = Get-Document "$work/delta.tar" .imgsps-delta.json
            $list.version | Should -Be 1
            ($list.layers.digest -replace '.*:') | Should -Be ([string[]]($layers[0, 1] | Sort-Object))
            $list.layers.diffId | Sort-Object | Should -Be ((Get-ImageLayer "$team/app:1").DiffId[0, 1] | Sort-Object)
            $list.layers.images | Should -Be "$team/base:1", "$team/base:1"
            (Get-Document "$work/delta.tar" manifest.json).Layers.Count | Should -Be 3
        }

        It 'takes several lists, and none of an empty place' {
            $rows = Get-Image "$team/base:1" | ConvertTo-Csv | ConvertFrom-Csv
            Export-Image "$team/app:1" "$work/lists.tar" -Except @($rows), @(Get-Image "$team/app:2")
            (Get-Document "$work/lists.tar" .imgsps-delta.json).layers[0].images | Should -Be "$team/app:2", "$team/base:1"
            foreach ($none in $null, @(), @($null)) {
                Export-Image "$team/app:1" "$work/lists.tar" -Except $none
                Get-Member "$work/lists.tar" | Should -Not -Contain .imgsps-delta.json
            }
            { Export-Image "$team/app:1" "$work/lists.tar" -Except (Get-Process -Id $PID) -ErrorAction Stop } |
                Should -Throw '*names no image*'
        }

        It 'leaves a layer in that the other has on other layers' {
            Export-Image "$team/app:1" "$work/chain.tar" -Except (Get-Image "$team/other:1")
            Get-Blob "$work/chain.tar" | Should -Contain (Get-LayerBlob "$team/app:1")[1]
            Get-Member "$work/chain.tar" | Should -Not -Contain .imgsps-delta.json
        }

        It 'leaves a layer in that another image of the archive needs' {
            Export-Image "$team/app:1", "$team/other:1" "$work/both.tar" -Except (Get-Image "$team/base:1")
            $layers = Get-LayerBlob "$team/app:1"
            Get-Blob "$work/both.tar" | Should -Not -Contain $layers[0]
            Get-Blob "$work/both.tar" | Should -Contain $layers[1]
        }

        It 'warns of an image that is not in the store, and counts it as not had' {
            $row = Get-Image "$team/base:1" | ConvertTo-Csv | ConvertFrom-Csv
            $row.Id = $row.Digest = $row.ManifestDigest = 'sha256:' + '1' * 64
            Export-Image "$team/app:1" "$work/unknown.tar" -Except $row -WarningVariable warnings -WarningAction SilentlyContinue
            $warnings | Should -BeLike "$team/base:1 of -Except is not in the store*"
            Get-Member "$work/unknown.tar" | Should -Not -Contain .imgsps-delta.json
        }
    }

    Context 'The file' {
        It 'is replaced, with a word to who is asked, and not with -NoClobber (AR7)' {
            Set-Content "$work/there.tar" old
            Get-WhatIfLine { Export-Image "$team/app:1", "$team/base:1" "$work/there.tar" -WhatIf } |
                Should -Match 'Export 2 images \(\d+ bytes\), replacing the file" on target ".*there\.tar"'
            Get-Content "$work/there.tar" | Should -Be old
            { Export-Image "$team/app:1" "$work/there.tar" -NoClobber } | Should -Throw '*there.tar'' already exists*'
            Get-Content "$work/there.tar" | Should -Be old
            Export-Image "$team/app:1" "$work/there.tar"
            Get-Member "$work/there.tar" | Should -Contain index.json
        }

        It 'has its folder, in docker''s words' {
            { Export-Image "$team/app:1" "$work/no/dir.tar" } |
                Should -Throw "invalid output path: stat $work/no: no such file or directory*" -ErrorId 'InvalidArgument*'
            { Export-Image "$team/app:1" $work } | Should -Throw '*is a folder*'
        }

        It 'is no device, no link, and no file with other names' -Skip:(-not $IsLinux) {
            { Export-Image "$team/app:1" /dev/null } | Should -Throw '*is a device*'
            Set-Content "$work/real" x
            $null = New-Item -ItemType SymbolicLink -Path "$work/link" -Value "$work/real"
            { Export-Image "$team/app:1" "$work/link" } | Should -Throw '*is a symbolic link*'
            ln "$work/real" "$work/second"
            { Export-Image "$team/app:1" "$work/second" } | Should -Throw '*2 names*'
            Get-Content "$work/real" | Should -Be x
        }

        It 'is named as PowerShell names files, brackets and all' {
            Push-Location -LiteralPath $work
            $null = New-PSDrive -Name exports -PSProvider FileSystem -Root $work -Scope Global
            try {
                (Export-Image "$team/app:1" './[a].tar' -PassThru).FullName | Should -Be ([System.IO.Path]::Combine($work, '[a].tar'))
                (Export-Image "$team/app:1" exports:/drive.tar -PassThru).FullName |
                    Should -Be ([System.IO.Path]::Combine($work, 'drive.tar'))
                { Export-Image "$team/app:1" env:x } | Should -Throw '*is not a path of the file system*'
            }
            finally {
                Pop-Location
                Remove-PSDrive exports -Scope Global
            }
        }

        It 'is compressed as a whole with -Compression Gzip, with a header that says no time' {
            Export-Image "$team/app:1" "$work/plain.tar"
            $file = Export-Image "$team/app:1" "$work/small.tar.gz" -Compression Gzip -PassThru
            $file | Should -BeOfType System.IO.FileInfo
            $bytes = [System.IO.File]::ReadAllBytes($file.FullName)
            $bytes[0..9] | Should -Be 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255
            $unpacked = [System.IO.MemoryStream]::new()
            $gzip = [System.IO.Compression.GZipStream]::new([System.IO.MemoryStream]::new($bytes),
                [System.IO.Compression.CompressionMode]::Decompress)
            $gzip.CopyTo($unpacked)
            $unpacked.Position = 0
            (Get-FileHash -InputStream $unpacked).Hash | Should -Be (Get-FileHash "$work/plain.tar").Hash
            { Export-Image "$team/app:1" "$work/f" -Format Folder -Compression Gzip } | Should -Throw '*-Compression Gzip*'
        }

        It 'is not made, nor a temporary one left, of an image with a damaged layer; the error names it and the way out' {
            $other = New-TestStore
            try {
                $null = Invoke-ImagePull "$team/app:1"
                $layer = (Get-ImageLayer "$team/app:1")[1].Digest
                $blob = Join-Path $other "blobs/sha256/$($layer -replace '.*:')"
                $bytes = [System.IO.File]::ReadAllBytes($blob)
                $bytes[20] = $bytes[20] -bxor 1
                [System.IO.File]::WriteAllBytes($blob, $bytes)
                foreach ($format in 'Archive', 'Folder') {
                    $failures = $null
                    Export-Image "$team/app:1" "$work/damaged" -Format $format -ErrorVariable failures -ErrorAction SilentlyContinue
                    @($failures).Count | Should -Be 1
                    "$failures" | Should -BeLike "*$team/app:1*$layer*"
                    $failures[0].ErrorDetails.RecommendedAction | Should -BeLike "*Invoke-ImagePull $team/app:1*"
                    Test-Path "$work/damaged" | Should -BeFalse
                    Get-Leftover | Should -BeNullOrEmpty
                }
            }
            finally {
                Remove-TestStore $other
                $env:IMGSPS_STORE = $store
            }
        }

        It 'is as it was after a process that was killed, and the next run makes it (CP9)' -Skip:(-not $IsLinux) {
            $other = New-TestStore
            try {
                $null = Add-TestImage $registry 'team/big:1' @{ layers = @(@{ seed = 20; size = 60MB; gzip = $false }) }
                $null = Invoke-ImagePull "$team/big:1"
                foreach ($old in $null, 'old') {
                    if ($old) { Set-Content "$work/killed.tar" $old }
                    $script = "Import-Module '$(Get-TestModulePath)'; Export-Image '$team/big:1' '$work/killed.tar' -Compression Gzip"
                    $process = Start-TestShell '-NoProfile', '-Command', $script
                    while (-not (Get-Leftover)) {
                        if ($process.HasExited) { throw "It ended before it was killed: $($process.StandardError.ReadToEnd())" }
                        Start-Sleep -Milliseconds 10
                    }
                    kill -KILL $process.Id
                    $process.WaitForExit()
                    if ($old) { Get-Content "$work/killed.tar" | Should -Be old } else { Test-Path "$work/killed.tar" | Should -BeFalse }
                    (Get-Leftover).Name | Should -BeLike '.imgsps-*.tmp'
                    Get-Leftover | Remove-Item -Force
                }
                Export-Image "$team/big:1" "$work/killed.tar"
                Get-Member "$work/killed.tar" | Should -Contain oci-layout
                Get-Leftover | Should -BeNullOrEmpty
            }
            finally {
                Remove-TestStore $other
                $env:IMGSPS_STORE = $store
            }
        }

        It 'is not made, nor a temporary one left, by a run that is stopped' {
            $other = New-TestStore
            try {
                $null = Add-TestImage $registry 'team/big:1' @{ layers = @(@{ seed = 20; size = 60MB; gzip = $false }) }
                $null = Invoke-ImagePull "$team/big:1"
                $run = Start-TestPipeline "Export-Image '$team/big:1' '$work/stopped.tar' -Compression Gzip"
                while (-not (Get-Leftover)) {
                    if ($run.Handle.IsCompleted) { throw "It ended before it was stopped: $($run.PowerShell.Streams.Error)" }
                    Start-Sleep -Milliseconds 10
                }
                $run.PowerShell.Stop()
                $run.PowerShell.Dispose()
                Test-Path "$work/stopped.tar" | Should -BeFalse
                Get-Leftover | Should -BeNullOrEmpty
            }
            finally {
                Remove-TestStore $other
                $env:IMGSPS_STORE = $store
            }
        }
    }
}

Describe 'Archives that real parts read' -Skip:([bool]$missing) {
    BeforeAll {
        Import-Module "$PSScriptRoot/RealParts.psm1" -Force
        Import-Module "$PSScriptRoot/TestSession.psm1" -Force
        Import-TestModule
        $folder = (New-Item -ItemType Directory (
            Join-Path ([System.IO.Path]::GetTempPath()) "imgsps-export-$([guid]::NewGuid().ToString('N'))")).FullName
        $env:IMGSPS_STORE = "$folder/store"
        $registry = Start-RealRegistry $folder
        $engine = Start-RealDocker $folder
        $team = "$($registry.Host)/team"
        function docker { Invoke-Native (Get-Command docker -CommandType Application)[0].Source -H $engine.Socket @args }

        $context = New-Item -ItemType Directory "$folder/context"
        Copy-Item (Get-Command busybox -CommandType Application)[0].Source "$context/busybox"
        $env:DOCKER_BUILDKIT = '0'
        Set-Content "$context/Dockerfile" "FROM scratch`nCOPY busybox /bin/busybox`nENV PATH=/bin"
        docker build --network none -q -t "$team/base:1" $context
        Set-Content "$context/said" 'hello from the archive'
        Set-Content "$context/Dockerfile" "FROM $team/base:1`nCOPY said /said`nCMD [`"/bin/busybox`",`"cat`",`"/said`"]"
        docker build --network none -q -t "$team/app:1" $context
        foreach ($name in 'base', 'app') {
            docker push -q "$team/${name}:1"
            Invoke-Native skopeo copy --format oci --src-tls-verify=false --dest-tls-verify=false "docker://$team/${name}:1" `
                "docker://$team/${name}:oci"
            $null = Invoke-ImagePull "$team/${name}:1", "$team/${name}:oci"
        }

        $id = (Get-Image "$team/app:1").Id
        $id | Should -Be (docker image inspect -f '{{.Id}}' "$team/app:1")

        function Clear-Docker { docker system prune --all --force }
    }

    AfterAll {
        Stop-RealPart $engine
        Stop-RealPart $registry
        $env:IMGSPS_STORE = $null
        Remove-Item -LiteralPath $folder -Recurse -Force
    }

    It 'docker loads <Name> and runs it' -ForEach @(
        @{ Name = 'a tar'; Compression = 'None'; Tag = '1' }
        @{ Name = 'a compressed tar'; Compression = 'Gzip'; Tag = '1' }
        @{ Name = 'a tar of OCI types'; Compression = 'None'; Tag = 'oci' }
    ) {
        Clear-Docker
        Export-Image "$team/app:$Tag" "$folder/app.tar" -Compression $Compression
        docker load -i "$folder/app.tar" | Should -Be "Loaded image: $team/app:$Tag"
        docker image inspect -f '{{.Id}}' "$team/app:$Tag" | Should -Be (Get-Image "$team/app:$Tag").Id
        docker run --rm --network none "$team/app:$Tag" | Should -Be 'hello from the archive'
    }

    It 'docker loads an image by its id without a name, and all tags of a repository' {
        Clear-Docker
        Export-Image $id "$folder/id.tar"
        docker load -i "$folder/id.tar" | Should -Be "Loaded image ID: $id"
        Export-Image "$team/app", "$team/base" "$folder/tags.tar"
        docker load -i "$folder/tags.tar"
        (docker images --format '{{.Repository}}:{{.Tag}}') -split "`n" | Sort-Object |
            Should -Be "$team/app:1", "$team/app:oci", "$team/base:1", "$team/base:oci"
    }

    It 'docker loads a delta of a few kilobytes where it has the base, and refuses it where it has not (AR13)' {
        Clear-Docker
        Export-Image "$team/app:1" "$folder/full.tar"
        Export-Image "$team/base:1" "$folder/base.tar"
        Export-Image "$team/app:1" "$folder/delta.tar" -Except (Get-Image "$team/base:1" | ConvertTo-Csv | ConvertFrom-Csv)
        (Get-Item "$folder/delta.tar").Length | Should -BeLessThan 30kb
        (Get-Item "$folder/full.tar").Length | Should -BeGreaterThan 300kb
        { docker load -i "$folder/delta.tar" } | Should -Throw '*no such file or directory*'
        docker load -i "$folder/base.tar"
        docker load -i "$folder/delta.tar" | Should -Be "Loaded image: $team/app:1"
        docker image inspect -f '{{.Id}}' "$team/app:1" | Should -Be $id
        docker run --rm --network none "$team/app:1" | Should -Be 'hello from the archive'
        { Invoke-Native skopeo copy "docker-archive:$folder/delta.tar" "dir:$folder/delta" } | Should -Throw '*layer*'
    }

    It 'skopeo reads it as docker''s and as an OCI archive, with the digests of the store' {
        $image = Get-Image "$team/app:oci"
        Export-Image "$team/app:oci" "$folder/one.tar"
        (Invoke-Native skopeo inspect "oci-archive:$folder/one.tar" | ConvertFrom-Json).Digest | Should -Be $image.Digest
        (Invoke-Native skopeo inspect "oci-archive:$folder/one.tar:oci" | ConvertFrom-Json).Layers |
            Should -Be (Get-ImageLayer "$team/app:oci").Digest
        $config = Invoke-Native skopeo inspect --config --raw "docker-archive:$folder/one.tar:$team/app:oci"
        $config | Should -Be (Get-ImageConfig "$team/app:oci" -Raw)
        Invoke-Native skopeo copy "docker-archive:$folder/one.tar" "oci:$folder/from-docker:x"
        Invoke-Native skopeo copy "oci-archive:$folder/one.tar" "oci:$folder/from-oci:x"
        (Invoke-Native skopeo inspect "oci:$folder/from-oci:x" | ConvertFrom-Json).Digest | Should -Be $image.Digest
    }

    It 'skopeo and umoci read the folder' {
        Export-Image "$team/app:oci" "$folder/layout" -Format Folder
        (Invoke-Native skopeo inspect "oci:$folder/layout:oci" | ConvertFrom-Json).Digest | Should -Be (Get-Image "$team/app:oci").Digest
        Invoke-Native umoci unpack --rootless --image "$folder/layout:oci" "$folder/bundle"
        Get-Content "$folder/bundle/rootfs/said" | Should -Be 'hello from the archive'
    }

    It 'podman loads it' -Skip:([bool]$missingPodman) {
        Export-Image "$team/app:1" "$folder/podman.tar"

        # podman takes no runroot of more than 50 characters.
        $short = Join-Path ([System.IO.Path]::GetTempPath()) "podman-$([guid]::NewGuid().ToString('N').Substring(0, 12))"
        $podman = Start-RealPodman $short $registry.Host
        try {
            $docker = (Get-Command docker -CommandType Application)[0].Source
            Invoke-Native $docker -H $podman.Socket load -i "$folder/podman.tar" | Should -BeLike "*$team/app:1*"
            Invoke-Native $docker -H $podman.Socket image inspect -f '{{.Id}}' "$team/app:1" | Should -Be $id
        }
        finally {
            Stop-RealPart $podman
            Remove-Item -LiteralPath $short -Recurse -Force
        }
    }
}
