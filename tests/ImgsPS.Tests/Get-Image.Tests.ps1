BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $old = Add-TestImage $registry 'team/app:1' @{ created = '2023-01-15T08:30:00Z'; labels = @{ env = 'prod' };
        layers = @(@{ seed = 1; size = 2000 }) }
    $null = Add-TestImage $registry 'team/app:2' @{ created = '2024-01-15T08:30:00Z'; labels = @{ env = 'test' };
        layers = @(@{ seed = 2; size = 3000 }) }
    $null = Add-TestImage $registry 'other/tool:1' @{ created = '2022-01-15T08:30:00Z'; layers = @(@{ seed = 3; size = 4000 }) }
    $store = New-TestStore
    $null = Invoke-ImagePull "$address/team/app:1", "$address/team/app:2", "$address/other/tool:1"
    $new = Add-TestImage $registry 'team/app:1' @{ created = '2025-01-15T08:30:00Z'; layers = @(@{ seed = 4; size = 5000 }) }
    $null = Invoke-ImagePull "$address/team/app:1"
    function Copy-Serialized($Value) {
        [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Value)) }
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'Get-Image' {
    Context 'the list' {
        It 'has one object a reference and the dangling image, newest first (L1, L4)' {
            $images = Get-Image
            $images | Should -BeOfType ImgsPS.Image
            "$($images.Created.Year)" | Should -Be '2025 2024 2023 2022'
            $images.Tag | Should -Be '1', '2', $null, '1'
            @($images | Where-Object Dangling).Id | Should -Be $old.id
        }

        It 'goes through Where-Object as numbers, times and dictionaries' {
            @(Get-Image | Where-Object Created -lt ([datetime]'2023-06-01')) | Should -HaveCount 2
            @(Get-Image | Where-Object { $_.Created -gt (Get-Date '2024-06-01') }).Id | Should -Be $new.id
            @(Get-Image | Where-Object { $_.Labels['env'] -eq 'prod' }).Id | Should -Be $old.id
            (Get-Image | Sort-Object Size | Select-Object -Last 1).Id | Should -Be $new.id
        }

        It 'gives an image as its reference in text' {
            $image = Get-Image "$address/team/app:2"
            "$image" | Should -Be "$address/team/app:2"
            "$(Get-Image | Where-Object Dangling)" | Should -Be $old.id
        }

        It 'can be changed while it is read' {
            $copy = Join-Path $store 'copy'
            $null = Invoke-ImagePull "$address/team/app:2", "$address/other/tool:1" -Store $copy
            Get-Image -Store $copy | Remove-Image
            Get-Image -Store $copy | Should -BeNullOrEmpty
        }
    }

    Context 'names' {
        It 'finds <Name>' -ForEach @(
            @{ Name = 'a reference'; Value = { "$address/team/app:2" }; Count = 1 }
            @{ Name = 'all tags of a repository (L8)'; Value = { "$address/team/app" }; Count = 2 }
            @{ Name = 'an id'; Value = { $new.id }; Count = 1 }
            @{ Name = 'the beginning of an id'; Value = { $new.id.Substring(7, 12) }; Count = 1 }
            @{ Name = 'a wildcard that crosses / and :'; Value = { '*team*' }; Count = 2 }
            @{ Name = 'a wildcard in another case'; Value = { '*TEAM/APP:?' }; Count = 2 }
            @{ Name = 'a wildcard over repositories'; Value = { '*/app' }; Count = 2 }
            @{ Name = 'everything'; Value = { '*' }; Count = 4 }
            @{ Name = 'a wildcard over ids'; Value = { $new.id.Substring(0, 20) + '*' }; Count = 1 }
            @{ Name = 'no id by a pattern that means names'; Value = { "$($new.id[7])*" };
                Count = { if ("$address" -like "$($new.id[7])*") { 3 } else { 0 } } }
        ) {
            $expected = if ($Count -is [scriptblock]) { & $Count } else { $Count }
            @(Get-Image (& $Value)) | Should -HaveCount $expected
        }

        It 'takes several names and writes no image twice' {
            @(Get-Image "$address/team/app:2", '*team*', "$address/other/tool:1") | Should -HaveCount 3
        }

        It 'is silent for a wildcard without a match' {
            Get-Image 'nosuch*' -ErrorAction Stop | Should -BeNullOrEmpty
        }

        It 'has an error for a name without a match, and goes on' {
            $images = Get-Image 'nosuch', "$address/team/app:2" -ErrorAction SilentlyContinue -ErrorVariable failed
            $images.Tag | Should -Be '2'
            $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.GetImageCommand'
            $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failed[0].TargetObject | Should -Be 'nosuch'
            $failed[0].Exception.Message | Should -BeLike 'No such image: nosuch*'
        }

        It 'takes a number as the beginning of an id, as it was typed' {
            $null = Get-Image 1e3 -ErrorAction SilentlyContinue -ErrorVariable failed
            if ($failed) { $failed[0].TargetObject | Should -Be '1e3' }
            $null = Get-Image 00012345 -ErrorAction SilentlyContinue -ErrorVariable failed
            if ($failed) { $failed[0].TargetObject | Should -Be '00012345' }
        }

        It 'is bound as -Name and -Reference too' {
            (Get-Image -Name "$address/team/app:2").Tag | Should -Be '2'
            (Get-Image -Reference "$address/team/app:2").Tag | Should -Be '2'
        }

        It 'takes <Form> from the pipeline' -ForEach @(
            @{ Form = 'a string'; Value = { "$address/team/app:2" } }
            @{ Form = 'an Image'; Value = { Get-Image "$address/team/app:2" } }
            @{ Form = 'a deserialized Image'; Value = { Copy-Serialized (Get-Image "$address/team/app:2") } }
            @{ Form = 'an object with Reference'; Value = { [pscustomobject]@{ Reference = "$address/team/app:2" } } }
            @{ Form = 'an object with Name'; Value = { [pscustomobject]@{ Name = "$address/team/app:2" } } }
            @{ Form = 'an object with Id'; Value = { [pscustomobject]@{ Id = (Get-Image "$address/team/app:2").Id } } }
            @{ Form = 'a CSV row'; Value = { Get-Image "$address/team/app:2" | ConvertTo-Csv | ConvertFrom-Csv } }
            @{ Form = 'a manifest'; Value = { Get-ImageManifest "$address/team/app:2" } }
        ) {
            (& $Value | Get-Image).Reference | Should -Be "$address/team/app:2"
        }

        It 'finds a dangling image by what it is' {
            (Get-Image | Where-Object Dangling | Get-Image).Id | Should -Be $old.id
            (Copy-Serialized (Get-Image | Where-Object Dangling) | Get-Image).Id | Should -Be $old.id
            (Get-Image | Where-Object Dangling | ConvertTo-Csv | ConvertFrom-Csv | Get-Image).Id | Should -Be $old.id
        }

        It 'has an error for an object that is no image' {
            $null = 1..1 | ForEach-Object { [pscustomobject]@{ Colour = 'red' } } |
                Get-Image -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed | Should -HaveCount 1
            $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
        }

        It 'takes neither the number nor the name of a process' {
            $null = Get-Process -Id $PID | Get-Image -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentTransformationError,*'
            $failed[0].TargetObject.Id | Should -Be $PID
        }
    }

    Context 'filters' {
        It 'applies <Filter>' -ForEach @(
            @{ Filter = 'dangling=true'; Count = 1 }
            @{ Filter = 'label=env=prod'; Count = 1 }
            @{ Filter = 'label=env'; Count = 2 }
            @{ Filter = 'until=2023-06-01T00:00:00Z'; Count = 2 }
            @{ Filter = 'reference=*/team/app:*'; Count = 2 }
        ) {
            @(Get-Image -Filter $Filter) | Should -HaveCount $Count
        }

        It 'wants all of several keys (F13)' {
            @(Get-Image -Filter 'label=env', 'dangling=false') | Should -HaveCount 1
        }

        It 'hides a named image without an error' {
            Get-Image "$address/team/app:2" -Filter 'label=env=prod' -ErrorAction Stop | Should -BeNullOrEmpty
        }

        It 'refuses an unknown key and lists the known ones (L9)' {
            { Get-Image -Filter 'bogus=1' } |
                Should -Throw '*invalid filter*bogus*' -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.GetImageCommand'
            try { Get-Image -Filter 'bogus=1' } catch { $_.ErrorDetails.RecommendedAction | Should -BeLike '*dangling*label*reference*' }
        }

        It 'refuses a bad value' {
            { Get-Image -Filter 'dangling=maybe' } | Should -Throw -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.GetImageCommand'
        }

        It 'has an error for an unknown image in before= (F3)' {
            Get-Image -Filter 'before=nosuch' -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
            $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.GetImageCommand'
        }
    }

    Context 'objects that travel' {
        It 'keep their times, numbers and labels through a job' {
            $path = Get-TestModulePath
            $images = Start-Job { Import-Module $using:path; $env:IMGSPS_STORE = $using:store; Get-Image } |
                Receive-Job -Wait -AutoRemoveJob
            $images | Should -HaveCount 4
            $images[0].PSTypeNames[0] | Should -Be 'Deserialized.ImgsPS.Image'
            $images[0].Created | Should -BeOfType DateTimeOffset
            @($images | Where-Object Created -lt ([datetime]'2023-06-01')) | Should -HaveCount 2
            @($images | Where-Object { $_.Labels['env'] -eq 'prod' }) | Should -HaveCount 1
            ($images | Sort-Object Size | Select-Object -Last 1).Id | Should -Be $new.id
            $images[0].Layers[0].Digest | Should -BeLike 'sha256:*'
            "$($images[0])" | Should -Be $images[0].Reference
        }

        It 'look the same in the table' {
            $table = { param($images) ($images | Format-Table | Out-String -Width 200).Trim() -replace '\d+ \w+ ago', 'ago' }
            & $table (Copy-Serialized (Get-Image)) | Should -Be (& $table (Get-Image))
        }
    }

    Context 'patterns that are none' {
        It 'tells of <Pattern> and goes on with the next' -ForEach @(
            @{ Pattern = 'app[1' }
            @{ Pattern = '[z-a]pp' }
        ) {
            $found = Get-Image $Pattern, "$address/team/app:2" -ErrorAction SilentlyContinue -ErrorVariable failed
            $found.Tag | Should -Be '2'
            $failed.FullyQualifiedErrorId | Should -Be 'InvalidArgument,ImgsPS.Cmdlets.GetImageCommand'
            $failed.TargetObject | Should -Be $Pattern
            Remove-Image $Pattern -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed.FullyQualifiedErrorId | Should -Be 'InvalidArgument,ImgsPS.Cmdlets.RemoveImageCommand'
        }

        It 'is one error about the filter when that names no image' {
            Get-Image 'a*', 'b*' -Filter 'before=nosuch' -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
            $failed | Should -HaveCount 1
            $failed.TargetObject | Should -Be 'before=nosuch'
        }
    }

    Context 'stores' {
        It 'lists another store' {
            Get-Image -Store (Join-Path $store 'empty') | Should -BeNullOrEmpty
        }

        It 'looks a piped image up in its own store' {
            $other = Join-Path $store 'own'
            $null = Invoke-ImagePull "$address/other/tool:1" -Store $other
            $image = Get-Image -Store $other
            ($image | Get-Image).Store | Should -Be $other
            (Copy-Serialized $image | Get-Image).Store | Should -Be $other
        }

        It 'says what to do about a folder that cannot be read or made' -Skip:($env:OS -eq 'Windows_NT') {
            $folder = Join-Path $store ('x' * 300)
            Get-Image -Store $folder -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed.FullyQualifiedErrorId | Should -Be 'StoreUnavailable,ImgsPS.Cmdlets.GetImageCommand'
            $failed.ErrorDetails.RecommendedAction | Should -BeLike '*-Store*'
            Invoke-ImagePull "$address/team/app:2" -Store '/proc/nosuch' -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed.FullyQualifiedErrorId | Should -Be 'StoreUnavailable,ImgsPS.Cmdlets.InvokeImagePullCommand'
            $failed.ErrorDetails.RecommendedAction | Should -BeLike '*-Store*'
        }

        It 'lists what a store may be for <Word>' -ForEach @{ Word = 'bogus' }, @{ Word = 'unix:/one-slash' }, @{ Word = 'nodrive:\x' } {
            $failed = { Get-Image -Store $Word } | Should -Throw -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.GetImageCommand' -PassThru
            foreach ($form in 'local', 'docker:<context>', 'unix://', 'npipe://', 'tcp://',
                'ssh://') { $failed.ErrorDetails.RecommendedAction | Should -BeLike "*$form*" }
        }

        It 'never takes docker for a folder' {
            $null = New-Item -ItemType Directory -Path (Join-Path $store 'docker')
            Push-Location $store
            $host1 = $env:DOCKER_HOST
            $env:DOCKER_HOST = 'tcp://127.0.0.1:1'
            try {
                foreach ($name in 'docker', 'Docker') {
                    Get-Image -Store $name -ErrorAction SilentlyContinue -ErrorVariable failed
                    $failed.FullyQualifiedErrorId | Should -Be 'StoreUnavailable,ImgsPS.Cmdlets.GetImageCommand'
                    $failed.TargetObject | Should -Be 'docker'
                }
            }
            finally {
                $env:DOCKER_HOST = $host1
                Pop-Location
            }
        }
    }
}
